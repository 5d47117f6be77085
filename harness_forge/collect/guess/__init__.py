"""Guesses how a file of unknown records is to be read, from its first records.

fields.py    every place in a record that holds a value, and how often
messages.py  lists that look like messages, and what their keys mean
roles.py     what the words for speakers mean, by themselves and by where they stand
verdicts.py  which field says what became of a record, and what its words are worth
facts.py     all that is not the conversation: item, outcome, model
guessed.py   what a guess comes to: settings, why each was chosen, what nothing names
skeleton.py  lines that the user completes where nothing is recognised
guess.py     puts these together

A guess is written down for the user to read; nothing is taken in by it.
"""
