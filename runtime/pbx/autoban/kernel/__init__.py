"""The kernel's side: the nftables table, and what the kernel reports about packets and addresses.

`firewall` is the entrance. It knows values of `judgement`, and nothing of Asterisk.
"""
