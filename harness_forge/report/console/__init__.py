"""The console: pages over the store and the folders of the loop, for a browser on this machine.

exchange.py   what a browser asks and what it gets
guard.py      who may see and change anything
server.py     the listening socket
site.py       what pages read: config, store, folders
frame.py      what every page has: navigation, lists, paging
messages.py   messages and turns, as elements
differences.py  two answers, line by line
pages/        a module a page
routes.py     which page answers which address
"""
