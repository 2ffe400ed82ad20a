"""Asterisk's manager interface (AMI): whose it is, whether it works, and what it is asked.

The connection itself is in pbx.asterisk.ami_client.
"""
