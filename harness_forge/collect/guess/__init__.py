"""Guesses how a file of unknown records is to be read, from its first records.

fields.py    every place in a record that holds a value, and how often
roles.py     lists that look like messages, and what their keys and words mean
guess.py     the settings of a source, why each was chosen, what nothing names

A guess is written down for the user to read; nothing is taken in by it.
"""
