"""What tests of voicemail share."""

from __future__ import annotations

import email
import email.message
import email.policy
import io
import re
import wave
from array import array

from factory.waiting import wait_for
from fixtures.mail import MailServer, ReceivedMail
from fixtures.softphone import Phone, tones
from tests.pbx import Pbx

BEEP = 700
"""Hz; Asterisk's own prompt and ours have it."""
SPOOL = "/var/spool/asterisk/voicemail"
RECORDINGS = f"{SPOOL}/*/*/tmp"
AUTHORITY = "/tmp/proof-mail-authority.pem"
_CONFIGURATION = "/etc/asterisk/minivm.conf"
_BYTES_A_SECOND = 16000


class MailSettings:
    """How a PBX sends its mail, for the time of a test."""

    def __init__(self, pbx: Pbx, server: MailServer) -> None:
        self._pbx = pbx
        self._before = pbx.run(f"cat {_CONFIGURATION}")
        self._server = server
        pbx.run(f"cat > {AUTHORITY} << 'END'\n{server.authority}\nEND\n")

    def starttls(self, authority: str = AUTHORITY, password: str = "") -> None:
        """Sends with STARTTLS and a password."""
        password = password or self._server.password
        options = f"-H {self._server.name}:587 -P starttls -u pbx -p {password}"
        self.use(f"{options} --ca-file {authority}")

    def use(self, options: str) -> None:
        """Sends with options of minivm-send."""
        command = f"minivm-send {options} -f pbx@example.com"
        self._write(re.sub(r"(?m)^mailcmd *=.*", f"mailcmd = {command}", self._before))
        assert command in self._pbx.asterisk("minivm show settings")

    def restore(self) -> None:
        """Puts the configuration back, and takes away what still waits."""
        self._write(self._before)
        self._pbx.run(f"rm -rf {AUTHORITY} /var/spool/asterisk/mail")

    def _write(self, text: str) -> None:
        self._pbx.run(f"cat > {_CONFIGURATION} << 'END'\n{text}\nEND\n")
        self._pbx.asterisk("minivm reload")


def await_beep(phone: Phone, seconds: float = 20) -> None:
    """Waits until the phone has heard a greeting and the tone after it."""

    def beeped() -> bool:
        present = tones.presence(phone.recording(), BEEP)
        return any(all(present[i : i + 4]) for i in range(len(present) - 3))

    wait_for(beeped, seconds=seconds, otherwise=f"{phone.name} heard no beep")


def speak(pbx: Pbx, files: str, seconds: float = 3) -> None:
    """Waits until so much was recorded in files of the PBX."""

    def recorded() -> int:
        return int(pbx.run(f"cat {files} 2>/dev/null | wc -c"))

    wait_for(
        recorded,
        lambda size: size > seconds * _BYTES_A_SECOND,
        seconds=seconds + 10,
        otherwise=f"no recording {files}",
    )


def recordings(pbx: Pbx) -> list[str]:
    """The messages that are recorded now, or were and are left."""
    return pbx.run(f"find {SPOOL} -path '*/tmp/*'").splitlines()


def leave_message(pbx: Pbx, phone: Phone, number: str) -> None:
    """Calls, waits for the beep, and leaves a message of some seconds."""
    phone.call(number).answered()
    await_beep(phone)
    speak(pbx, f"{RECORDINGS}/*.wav")
    phone.hang_up()


def parse(mail: ReceivedMail) -> email.message.EmailMessage:
    """The mail with its parts."""
    return email.message_from_bytes(mail.content, policy=email.policy.default)


def text_of(mail: ReceivedMail) -> str:
    """What it says."""
    part: email.message.EmailMessage
    (part,) = (p for p in parse(mail).walk() if p.get_content_type() == "text/plain")
    text: str = part.get_content()
    return text


def sound_of(mail: ReceivedMail) -> array[int]:
    """The sound that is attached, 8,000 samples a second."""
    (attachment,) = parse(mail).iter_attachments()
    assert attachment.get_content_type() == "audio/x-wav"
    with wave.open(io.BytesIO(attachment.get_content())) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        return array("h", file.readframes(file.getnframes()))


def holds(mail: ReceivedMail, tone: int) -> bool:
    """Whether a tone makes up much of the attached sound."""
    # 8,000 samples a second, looked at as if they were 16,000: all is twice as high.
    present = tones.presence(sound_of(mail), 2 * tone)
    return sum(present) > 0.3 * len(present) > 5
