#!/usr/bin/env python3
"""Postfix, and a Mailman 3 behind it, in a folder of their own on loopback: nothing outside of the folder is read or written.

usage: servers.py postfix | servers.py mailman        (as root: Postfix starts as nobody else; Debian's postfix and mailman3)

Postfix takes letters for everybody at people.example.org and example.org and puts them into one maildir; those to lists.example.org go to
Mailman, which sends what it distributes back through Postfix. On standard output, once all is up: one line of JSON with the folder and the
ports. They end when standard input does, so no test leaves them behind, however it ends.
"""
import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from base64 import b64encode

MAIN = """
compatibility_level = 3.6
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.example.org
myorigin = example.org
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_peername_lookup = no
disable_dns_lookups = yes
smtp_host_lookup = native
in_flow_delay = 0
alias_maps =
local_recipient_maps =
smtpd_relay_restrictions = permit_mynetworks, reject
relay_domains = lists.example.org
relay_recipient_maps =
transport_maps = regexp:{folder}/postfix/transport
virtual_mailbox_domains = people.example.org, example.org
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = regexp:{folder}/postfix/people
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
"""

MASTER = """
127.0.0.1:{smtp} inet n - n - - smtpd
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
local     unix  - n n - - local
virtual   unix  - n n - - virtual
lmtp      unix  - - n - - lmtp
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""

MAILMAN = """
[mailman]
layout: here
site_owner: owner@example.org
[paths.here]
var_dir: {folder}/mailman
bin_dir: /usr/lib/mailman3/bin
[webservice]
hostname: 127.0.0.1
port: {rest}
admin_user: restadmin
admin_pass: password
workers: 1
[mta]
incoming: mailman.mta.null.NullMTA
outgoing: mailman.mta.deliver.deliver
smtp_host: 127.0.0.1
smtp_port: {smtp}
lmtp_host: 127.0.0.1
lmtp_port: {lmtp}
[runner.in]
sleep_time: 0.2s
[runner.pipeline]
sleep_time: 0.2s
[runner.out]
sleep_time: 0.2s
[runner.virgin]
sleep_time: 0.2s
# What no list here needs.
[runner.nntp]
start: no
[runner.digest]
start: no
[runner.bounces]
start: no
[runner.command]
start: no
[runner.archive]
start: no
"""

# Longer than anything takes on a machine that is busy with other things.
PATIENCE = 120


def free_ports(count):
    """Ports that are free now: all are held until the last is found, so that they differ."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def soon(what, look):
    begun = time.monotonic()
    while not look():
        if time.monotonic() - begun > PATIENCE:
            raise SystemExit(f"waited in vain: {what}")
        time.sleep(0.05)


def answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
            return line.recv(3) == b"220"
    except OSError:
        return False


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


def start_postfix(folder, smtp, lmtp):
    nobody = pwd.getpwnam("nobody")
    postfix = f"{folder}/postfix"
    for name in ("postfix", "queue", "data", "mail"):
        os.makedirs(f"{folder}/{name}")
    shutil.chown(f"{folder}/data", "postfix")
    shutil.chown(f"{folder}/mail", nobody.pw_uid, nobody.pw_gid)
    write(f"{postfix}/main.cf", MAIN.format(folder=folder, uid=nobody.pw_uid, gid=nobody.pw_gid))
    write(f"{postfix}/master.cf", MASTER.format(smtp=smtp))
    write(f"{postfix}/transport", f"/@lists\\.example\\.org$/ lmtp:[127.0.0.1]:{lmtp}\n")
    # Regular expressions may not name folders here: one for all, and one for a subscriber who looks whether letters arrive.
    write(f"{postfix}/people", "/^arrivals@/ arrivals/\n/./ all/\n")
    # Debian keeps there what it needs to make its queue.
    for name in ("postfix-files", "postfix-script", "post-install", "dynamicmaps.cf", "postfix-files.d", "dynamicmaps.cf.d"):
        path = f"/etc/postfix/{name}"
        (shutil.copytree if os.path.isdir(path) else shutil.copy)(path, f"{postfix}/{name}")
    with open(f"{folder}/postfix.out", "w") as out:
        running = subprocess.Popen(["postfix", "-c", postfix, "start-fg"], stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def up():
        if running.poll() is not None:
            with open(f"{folder}/postfix.out") as f:
                raise SystemExit(f"Postfix ended with {running.returncode}: {f.read()}")
        return answers(smtp)

    soon("Postfix answers", up)
    return running


def rest(port, path):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/3.1/{path}")
    request.add_header("Authorization", "Basic " + b64encode(b"restadmin:password").decode())
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status == 200


def start_mailman(folder, smtp, lmtp, port):
    home = f"{folder}/mailman"
    os.makedirs(home)
    shutil.chown(home, "list", "list")
    config = f"{folder}/mailman.cfg"
    write(config, MAILMAN.format(folder=folder, smtp=smtp, lmtp=lmtp, rest=port))
    with open(f"{folder}/mailman.out", "w") as out:
        master = ["/usr/lib/mailman3/bin/master", "-C", config]
        running = subprocess.Popen(
            master, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=home, user="list", group="list", extra_groups=[], env={"PATH": os.environ["PATH"]}
        )

    def up():
        if running.poll() is not None:
            with open(f"{folder}/mailman.out") as f:
                raise SystemExit(f"Mailman ended with {running.returncode}: {f.read()}")
        try:
            return rest(port, "system/versions") and answers(lmtp)
        except (urllib.error.URLError, OSError):
            return False

    soon("Mailman answers", up)
    return running


def main(which):
    folder = tempfile.mkdtemp(prefix="convened-list-")
    os.chmod(folder, 0o755)
    running = []
    try:
        smtp, lmtp, port = free_ports(3)
        running.append(start_postfix(folder, smtp, lmtp))
        if which == "mailman":
            running.append(start_mailman(folder, smtp, lmtp, port))
        print(json.dumps(dict(folder=folder, smtp=smtp, rest=port)), flush=True)
        sys.stdin.read()
    finally:
        for process in reversed(running):
            process.terminate()
        for process in reversed(running):
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in ("postfix", "mailman"):
        raise SystemExit(__doc__)
    main(sys.argv[1])
