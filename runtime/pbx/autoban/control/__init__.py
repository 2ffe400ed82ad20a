"""What administrators see and change: sets, figures, and the answers to the command `autoban`."""
