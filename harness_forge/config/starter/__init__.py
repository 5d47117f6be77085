"""What `forge init` puts into a project's folder.

files/         the texts, as they are written
folder.py      writes each file that is not there, and none that is
tools.py       tools that a folder near it has already
versioning.py  Git and DVC, where the folder has none
"""
