"""Text similarity from words: MinHash sketches and clusters, in memory.

What asks it: duplicates, contamination, splits and the audit of a dataset.
They must agree on what a word is, so it is below all of them.

words.py     texts to hashed words and runs of words
minhash.py   runs of words to sketches that estimate Jaccard similarity
clusters.py  which texts are nearly the same, among very many
openings.py  a task's own words, and which tasks ask the same
"""
