"""Ingests foreign records into the store.

files.py     the files of a source, each exactly once
database.py  a gemma-forge database, run by run
request.py   what is asked for, and what it came to
"""
