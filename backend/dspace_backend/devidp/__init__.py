"""The identity provider of development: people who do not exist log in here by choosing who they are.

A small OpenID Connect provider in a process and on a port of its own, so that our login is the same code as in
production. It proves nothing about anybody; production neither starts it nor takes an address like its own.
"""
