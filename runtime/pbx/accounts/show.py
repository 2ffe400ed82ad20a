"""Shows an account to whoever sets up a phone: what to type in, and a code for Grandstream Wave."""

import sys

from pbx.accounts.phone import Server, account_document, describe, draw
from pbx.accounts.user import User
from pbx.core.terminal import shows_colour


def show(user: User, server: Server, *, qr: bool) -> None:
    """Print it; with a QR code on a terminal, or wherever `qr` asks for one."""
    print(describe(user, server, colours=shows_colour(sys.stdout)))
    if not shows_qr(asked=qr):
        return
    print()
    if server.host:
        print(f"for the app Grandstream Wave:\n{picture(account_document(user, server))}")
    else:
        print("no QR code: nothing here says how phones reach this server; --server HOST does")


def shows_qr(*, asked: bool) -> bool:
    """Whether QR codes are drawn."""
    return asked or sys.stdout.isatty()


def picture(text: str) -> str:
    """Return a text as a QR code to print."""
    import segno  # noqa: PLC0415 # takes a while, and is not needed otherwise

    code = segno.make_qr(text, error="l")
    return draw(list(code.matrix), colours=sys.stdout.isatty())
