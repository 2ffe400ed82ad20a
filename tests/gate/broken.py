"""Images that are broken on purpose, each in one way, and why the gate has to refuse them."""

from __future__ import annotations

from dataclasses import dataclass

SAMPLES = "/usr/share/asterisk/config"
MODULES = "/usr/lib/asterisk/modules"
ENTRYPOINT = "/usr/local/bin/entrypoint"


@dataclass(frozen=True)
class Broken:
    """One way to break an image.

    Attributes:
        name: What is wrong with it.
        change: The instruction of a Dockerfile that does it: one, so that it makes one layer.
        check: The check that has to fail.
        reason: Pattern of what the gate has to say.
        image: The image that is broken.
    """

    name: str
    change: str
    check: str
    reason: str
    image: str = "full"

    def __str__(self) -> str:
        return f"{self.image}: {self.name}"


def edit(expression: str, *files: str) -> str:
    """Returns the instruction to edit sample files with a sed expression."""
    return f"RUN sed -i '{expression}' " + " ".join(f"{SAMPLES}/{name}" for name in files)


def append(line: str, path: str) -> str:
    """Returns the instruction to add a line to a file."""
    return f"RUN echo '{line}' >> {path}"


def in_place_of_dial(*steps: str) -> str:
    """Returns the instruction to put other steps in place of the one that calls phones."""
    text = "\\n".join(f" same => n,{step}" for step in steps)
    return edit(rf"s/^ same => n,Dial(${{phones}}.*/{text}/", "extensions.conf")


def before_dial(step: str) -> str:
    """Returns the instruction to put a step before the one that calls phones."""
    return edit(rf"s/^ same => n,Dial(${{phones}}/ same => n,{step}\n&/", "extensions.conf")


IGNORE_SIGTERM = f"RUN sed -i \"s/^trap 'request=stop' TERM INT/trap '' TERM INT/\" {ENTRYPOINT}"
ROOT_OWNS_SPOOL = append('chown -R root:root "$DOCKER_SPOOL_DIR/"', "/etc/entrypoint.d/30-asterisk")
ALWAYS_HEALTHY = 'HEALTHCHECK CMD ["true"]'

BROKEN = (
    # ---- what is in it
    Broken(
        "a codec is missing",
        f"RUN rm {MODULES}/codec_g722.so",
        "runs its modules",
        r"modules not loaded: codec_g722\.so",
    ),
    Broken(
        "a codec is missing",
        f"RUN rm {MODULES}/codec_opus_open_source.so",
        "runs its modules",
        r"modules not loaded: codec_opus_open_source\.so",
        image="mini",
    ),
    Broken(
        "encryption is missing",
        f"RUN rm {MODULES}/res_srtp.so",
        "runs its modules",
        r"modules not loaded: res_srtp\.so",
    ),
    # ---- processes
    Broken(
        "nothing to start",
        "RUN rm /usr/bin/tini",
        "becomes healthy",
        "cannot start it: .*tini",
    ),
    Broken(
        "ends at once",
        append("fail 'no disk today'", "/etc/entrypoint.d/35-asterisk"),
        "becomes healthy",
        "it ended with status 1, last log line: .*35-asterisk failed",
    ),
    Broken(
        "a service that ends at once",
        r"RUN printf '#!/bin/sh\nexit 1\n' > /etc/service/syslogd/run",
        "becomes healthy",
        "its health check says 'unhealthy': .*fail service syslogd",
    ),
    Broken(
        "a service is missing",
        "RUN rm -r /etc/service/syslogd",
        "runs its services",
        "service syslogd is not up: ",
    ),
    Broken(
        "a service is not started again",
        "RUN cd /etc/service/syslogd; rm finish; "
        r"printf '#!/bin/sh\nsv down .\n' > finish; chmod +x finish",
        "restarts its services",
        "service syslogd did not come back after it was killed",
    ),
    Broken("ignores SIGTERM", IGNORE_SIGTERM, "stops in time", r"had to be killed \(status 137\)"),
    Broken(
        "ignores SIGTERM",
        IGNORE_SIGTERM,
        "stops in time",
        r"had to be killed \(status 137\)",
        image="mini",
    ),
    Broken(
        "Asterisk ends at each call",
        in_place_of_dial("System(kill -KILL $(pidof asterisk))"),
        "connects a call",
        "it ended with status 137",
        image="mini",
    ),
    # ---- health
    Broken(
        "no health check", "HEALTHCHECK NONE", "becomes healthy", "the image has no health check"
    ),
    Broken(
        "always reports healthy",
        ALWAYS_HEALTHY,
        "reports a halted asterisk",
        "reports healthy while Asterisk is halted",
    ),
    Broken(
        "always reports healthy",
        ALWAYS_HEALTHY,
        "reports a halted asterisk",
        "reports healthy while Asterisk is halted",
        image="mini",
    ),
    # ---- rights
    Broken(
        "Asterisk is root",
        "RUN sed -i '/^become_asterisk/d' /etc/service/asterisk/run",
        # The health check runs as user asterisk, to whom Asterisk of root does not answer.
        "becomes healthy",
        "fail asterisk does not answer on its console",
    ),
    Broken(
        "Asterisk holds a capability",
        r"""RUN sed -i 's,^become_asterisk .*,[ "$(id -u)" -ne 0 ] || """
        r"""exec /usr/local/lib/pbx/launch -k kill "$0",' /etc/service/asterisk/run""",
        "runs asterisk without privileges",
        "Asterisk runs as uid 200 with capabilities 0x20",
    ),
    Broken(
        "root owns the spool",
        ROOT_OWNS_SPOOL,
        "owns its files",
        "folders that user asterisk does not own: /var/spool/asterisk",
    ),
    Broken(
        "root owns the spool",
        ROOT_OWNS_SPOOL,
        "owns its files",
        "folders that user asterisk does not own: /var/spool/asterisk",
        image="mini",
    ),
    # ---- ports
    Broken(
        "other ports for sound",
        edit("s/^rtpstart.*/rtpstart = 20000/; s/^rtpend.*/rtpend = 20099/", "rtp.conf"),
        "uses only documented rtp ports",
        "audio is received at ports 20000 to 20099, documented are 10000 to 10099",
    ),
    Broken(
        "AMI is open to the network",
        edit("s/^bindaddr.*/bindaddr = 0.0.0.0/", "manager.conf"),
        "keeps other ports closed",
        r"AMI \(port 5038\) is open to the network",
    ),
    Broken(
        "the HTTP server is open to the network",
        f"RUN printf '[general]\\nenabled=yes\\nbindaddr=0.0.0.0\\n' > {SAMPLES}/http.conf",
        "keeps other ports closed",
        "TCP ports open to the network: 8088",
        image="mini",
    ),
    # ---- signalling
    Broken(
        "no transport for TLS",
        f"RUN rm {SAMPLES}/pjsip_transport_tls.conf",
        "registers phones",
        "registering as john.doe over tls failed",
    ),
    Broken(
        "no users",
        edit(r"/^\[john.doe/,$d", "pjsip_endpoint.conf"),
        "registers phones",
        "pjsip_endpoint.conf has 0 users",
    ),
    Broken(
        "calls lead nowhere",
        edit("s/dp_entry_call_inout/dp_calls/", "extensions.conf", "extensions_local.conf"),
        "connects a call",
        "alice: the call was not answered: 404 Not Found",
    ),
    Broken(
        "messages are lost",
        edit("/MessageSend(/d", "extensions.conf"),
        "delivers a message",
        "bob: got no (text|message)",
    ),
    Broken(
        "clients without an account can call",
        r"RUN printf '[anonymous]\ntype=endpoint\ncontext=dp_entry_call_inout\nallow=ulaw\n'"
        f" >> {SAMPLES}/pjsip.conf; sed -i 's/= ip,username/&,anonymous/' {SAMPLES}/pjsip.conf",
        "refuses unauthenticated clients",
        "a client without an account can call",
    ),
    Broken(
        "passwords do not matter",
        edit("s/^accepts_auth = yes/accepts_auth = no/", "pjsip_wizard.conf"),
        "refuses unauthenticated clients",
        "john.doe with a wrong password can call",
        image="mini",
    ),
    # ---- sound
    Broken(
        "sound is not encrypted",
        f"RUN rm {SAMPLES}/pjsip_sdes.conf",
        "connects a call back",
        r"offered encryption \(SRTP\) and did not get it",
    ),
    Broken(
        "sound is sent elsewhere",
        edit(
            "s/^;external_media_address.*/external_media_address = 192.0.2.1/; /^local_net/d",
            "pjsip_transport.conf",
        ),
        "connects a call",
        r"has to send its audio to 192\.0\.2\.1, where no phone is",
    ),
    Broken(
        "the caller is not heard",
        before_dial("Set(MUTEAUDIO(in)=on)"),
        "connects a call",
        "bob does not hear alice: silence",
    ),
    Broken(
        "the callee is not heard",
        before_dial("Set(MUTEAUDIO(out)=on)"),
        "connects a call",
        "alice does not hear bob: silence",
        image="mini",
    ),
    Broken(
        "an echo answers",
        in_place_of_dial("Answer()", "Echo()"),
        "connects a call",
        "alice's call to bob was answered, but not by bob",
    ),
    Broken(
        "everybody hears themselves",
        edit(
            r"s/^\( same => n,Dial(${phones},.*\))$/\1,G(dp_echo^s^1))/; "
            r"$a [dp_echo]\nexten => s,1,Answer()\n same => n,Echo()",
            "extensions.conf",
        ),
        "connects a call",
        "alice does not hear bob: its own tone of .* comes back",
        image="mini",
    ),
    # ---- what it says
    Broken(
        "Asterisk logs a warning at its start",
        append("load = chan_sip.so", f"{SAMPLES}/modules.conf"),
        "logs no warnings",
        r"warnings or errors, the first: \w+\[.*chan_sip",
    ),
    Broken(
        "logs go to a file",
        "RUN sed -i 's,^destination=-,destination=/tmp/messages,' /etc/service/syslogd/run",
        "logs refused clients",
        "the container's output does not show the refused clients",
    ),
    Broken(
        "logs go to a file",
        "RUN sed -i 's/console =>/messages =>/' /etc/entrypoint.d/35-asterisk",
        "logs refused clients",
        "the container's output does not show the refused clients",
        image="mini",
    ),
    # ---- configuration
    Broken(
        "passwords are in the image",
        edit("s/@SECRET:[a-z.]*@/changeme/", "pjsip_endpoint.conf"),
        "generates its own passwords",
        "every container gives the same password to john.doe, jane.doe",
    ),
    Broken(
        "passwords follow from the host's name",
        "RUN sed -i 's/head -c 18 .dev.urandom/hostname/' /etc/entrypoint.d/20-seed",
        "generates its own passwords",
        "every container gives the same password to john.doe, jane.doe",
        image="mini",
    ),
    Broken(
        "each start brings the samples back",
        append('cp "$DOCKER_SEED_CONF_DIR"/extensions*.conf "$conf/"', "/etc/entrypoint.d/20-seed"),
        "keeps its configuration over a restart",
        r"a restart undid what was in extensions_local\.conf",
    ),
)
