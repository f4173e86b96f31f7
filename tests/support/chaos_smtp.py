#!/usr/bin/env python3
"""A loopback SMTP server that misbehaves on purpose (aiosmtpd).

usage: chaos_smtp.py PORT DIR [--starttls CERT KEY | --wrapped CERT KEY] [--auth USER PASSWORD] [--for ADDRESS STEP]... [--also STEP]... [--cycle] [STEP...]

PORT 0 takes a free one. One STEP is used per connection, the last one repeats (--cycle: they all do); --for is for every letter to that address instead.
Each --also listens on one more free port, where its STEP is used for every connection.
A step is `ok`, `connect=refused`, `connect=silent` (these two with --also only), or PHASE=WHAT.
  PHASE   greeting ehlo starttls handshake auth mail rcpt data dot
  WHAT    a code          that answer
          silent          no answer at all; at the dot nothing is stored
          close           the connection is cut; at the dot nothing is stored
          garbage         at the handshake of TLS, which speaks no code: what is no TLS
          for the dot also
          lost            stored, then the connection is cut without an answer (the two-generals window)
          mute            stored, then silence
          slow:SECONDS    stored, answered late
  dot=CODE stores nothing. data=250 is a 250 where a 354 belongs.
Every stored letter: DIR/NNN.eml, its envelope beside it as .json. DIR/log.jsonl: one line per step that was not ok, and per letter.
On standard output: "listening PORT...", in the order of the command line.
"""
import asyncio
import json
import logging
import os
import socket
import ssl
import sys
import time
import warnings

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

UNWILLING = []


class Stored:
    """The folder into which all ports store."""

    def __init__(self, folder):
        self.folder, self.count = folder, 0
        os.makedirs(folder, exist_ok=True)

    def log(self, **facts):
        with open(f"{self.folder}/log.jsonl", "a") as f:
            f.write(json.dumps(dict(t=time.time(), **facts)) + "\n")

    def add(self, envelope, session, secure):
        self.count += 1
        name = f"{self.folder}/{self.count:05d}"
        with open(name + ".json", "w") as f:
            facts = dict(mail_from=envelope.mail_from, rcpt=envelope.rcpt_tos, ehlo=session.host_name, options=envelope.mail_options)
            json.dump(dict(facts, tls=secure, user=session.authenticated), f)
        with open(name + ".new", "wb") as f:
            f.write(envelope.original_content or envelope.content)
        os.rename(name + ".new", name + ".eml")
        return self.count


class Script:
    """What one port does, connection by connection."""

    def __init__(self, stored, steps, by_address, cycle):
        self.stored, self.steps, self.by_address, self.cycle = stored, steps or ["ok"], by_address, cycle
        self.connections = 0

    def next(self):
        at = self.connections % len(self.steps) if self.cycle else min(self.connections, len(self.steps) - 1)
        step = self.steps[at]
        self.connections += 1
        return step


class Handler:
    async def handle_DATA(self, server, session, envelope):
        return await server.deliver(session, envelope)


class Server(SMTP):
    def __init__(self, script, **options):
        self.script, self.step = script, script.next()
        super().__init__(Handler(), **options)

    async def gate(self, phase):
        """Whether the phase goes on as it should; an answer of the script's has been given when not."""
        at, _, what = self.step.partition("=")
        if at != phase:
            return True
        self.script.stored.log(step=self.step)
        if what == "close":
            self.transport.abort()
            await asyncio.sleep(3600)
        if what == "silent":
            await asyncio.sleep(3600)
        await self.push(f"{what} {what[0]}.3.0 said by the script")
        return False

    async def _handle_client(self):
        if await self.gate("greeting"):
            await super()._handle_client()
        else:
            self.transport.close()

    async def smtp_EHLO(self, hostname):
        if await self.gate("ehlo"):
            await super().smtp_EHLO(hostname)

    async def smtp_HELO(self, hostname):
        if await self.gate("ehlo"):
            await super().smtp_HELO(hostname)

    async def smtp_STARTTLS(self, arg):
        if not await self.gate("starttls"):
            return
        at, _, what = self.step.partition("=")
        if at == "handshake":
            self.script.stored.log(step=self.step)
            await self.push("220 Ready to start TLS")
            if what == "garbage":
                self.transport.write(b"not a word of TLS\r\n" * 20)
            if what == "close":
                self.transport.close()
            await asyncio.sleep(3600)
        await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg):
        if await self.gate("auth"):
            await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg):
        if await self.gate("mail"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg):
        for address, step in self.script.by_address.items():
            if arg and f"<{address}>" in arg:
                self.step = step
        if await self.gate("rcpt"):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg):
        if await self.gate("data"):
            await super().smtp_DATA(arg)

    async def deliver(self, session, envelope):
        at, _, what = self.step.partition("=")
        what = what if at == "dot" else "ok"
        self.script.stored.log(step=self.step, mail_from=envelope.mail_from, rcpt=envelope.rcpt_tos)
        if what in ("ok", "lost", "mute") or what.startswith("slow:"):
            secure = session.ssl is not None or self.transport.get_extra_info("ssl_object") is not None
            number = self.script.stored.add(envelope, session, secure)
        if what in ("lost", "close"):
            self.transport.abort()
            await asyncio.sleep(3600)
        if what in ("mute", "silent"):
            await asyncio.sleep(3600)
        if what.startswith("slow:"):
            await asyncio.sleep(float(what[5:]))
        if what == "ok" or what.startswith("slow:"):
            return f"250 2.0.0 queued as {number}"
        return f"{what} {what[0]}.3.0 said by the script"


async def main(arguments):
    port, folder, rest = int(arguments[0]), arguments[1], arguments[2:]
    # What it does on purpose is no news.
    logging.disable()
    warnings.simplefilter("ignore")
    options, wrapped, steps, by_address, also, cycle = {}, None, [], {}, [], False
    while rest:
        word = rest.pop(0)
        if word in ("--starttls", "--wrapped"):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(rest.pop(0), rest.pop(0))
            if word == "--wrapped":
                wrapped = context
            else:
                options.update(tls_context=context, require_starttls=True)
        elif word == "--auth":
            known = (rest.pop(0).encode(), rest.pop(0).encode())

            def authenticate(server, session, envelope, mechanism, data):
                fits = isinstance(data, LoginPassword) and (data.login, data.password) == known
                return AuthResult(success=fits, handled=fits, auth_data=known[0].decode() if fits else None)

            options.update(authenticator=authenticate, auth_required=True, auth_require_tls=False)
        elif word == "--for":
            address, step = rest.pop(0), rest.pop(0)
            by_address[address] = step
        elif word == "--also":
            also.append(rest.pop(0))
        elif word == "--cycle":
            cycle = True
        else:
            steps.append(word)
    stored, loop, ports, kept = Stored(folder), asyncio.get_running_loop(), [], []
    for script in [Script(stored, steps, by_address, cycle)] + [Script(stored, [step], {}, False) for step in also]:
        if script.steps[0] in ("connect=refused", "connect=silent"):
            line = unwilling(script.steps[0])
        else:
            make = lambda script=script: Server(script, data_size_limit=50_000_000, loop=loop, **options)
            server = await loop.create_server(make, "127.0.0.1", port, ssl=wrapped, backlog=500)
            line = server.sockets[0]
            kept.append(server)
        kept.append(line)
        ports.append(line.getsockname()[1])
        port = 0
    print("listening", *ports, flush=True)
    await asyncio.sleep(float("inf"))


def unwilling(step):
    """A port that takes no connection: nobody listens, or as many wait as may."""
    line = socket.socket()
    line.bind(("127.0.0.1", 0))
    if step == "connect=silent":
        line.listen(0)
        for _ in range(4):
            waiting = socket.socket()
            waiting.setblocking(False)
            waiting.connect_ex(line.getsockname())
            UNWILLING.append(waiting)
    return line


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
