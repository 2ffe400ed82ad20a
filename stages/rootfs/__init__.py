"""Assembles the file tree of each image from the Debian system that is installed around it."""
