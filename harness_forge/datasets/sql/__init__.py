"""The one statement of an export: the recipe's SQL and conditions, its rows as read."""
