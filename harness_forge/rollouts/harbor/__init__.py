"""Items of a skill as task folders of Harbor, with their judge inside the verifier.

giving.py     which items, and what giving held-out ones costs
folder.py     one task folder
portable.py   a skill's settings for one item, to be judged elsewhere
images.py     the images of the agent and of the verifier
judging.py    run in the verifier: reads the answer, writes the reward
"""
