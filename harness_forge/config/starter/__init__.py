"""What `forge init` puts into a project's folder.

files/         the texts, as they are written
folder.py      writes each file that is not there, and none that is
versioning.py  Git and DVC, where the folder has none
"""
