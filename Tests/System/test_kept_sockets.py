"""Listening sockets over a crash: the test is the service manager, with a file descriptor store as systemd's."""
import array
import os
import signal
import socket
import subprocess
import time

from appliance import BIN
from stage import A, B, OUT, SystemTest, wait_for
from wire import Endpoint, answered


class Manager:
    """Starts the daemon, keeps what it asks to be kept, and hands it to the next one (sd_notify(3), sd_listen_fds(3))."""

    def __init__(self, stage, configuration):
        self.stage = stage
        (stage.folder / "tandem.conf").write_text(configuration)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(stage.folder / "notify"))
        self.socket.setblocking(False)
        self.store, self.ready, self.said = {}, False, []
        self.process = None

    def start(self):
        self.ready = False
        names, numbers = list(self.store), list(self.store.values())
        environment = {
            **os.environ, "SWIFT_BACKTRACE": "enable=no", "NOTIFY_SOCKET": str(self.stage.folder / "notify"),
            **({"LISTEN_FDS": str(len(names)), "LISTEN_FDNAMES": ":".join(names)} if names else {})}
        # The shell moves them to 3 and up, where only the daemon's copy is, and writes its own number, which the daemon takes over, into LISTEN_PID.
        parked = [os.dup2(number, 100 + index) for index, number in enumerate(numbers)]
        moves = " ".join(f"{3 + index}<&{number} {number}<&-" for index, number in enumerate(parked))
        command = [
            str(BIN / "tandemd"), "--config", str(self.stage.folder / "tandem.conf"), "--state-dir", str(self.stage.folder / "state"), "--runtime-dir",
            str(self.stage.folder / "run")]
        with open(self.stage.folder / "tandemd.log", "ab") as log:
            self.process = subprocess.Popen(
                ["bash", "-c", f'LISTEN_PID=$$ exec "$@" {moves}', "bash", *command], env=environment, pass_fds=parked, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log)
        for number in parked:
            os.close(number)
        if not wait_for(self.take, 20):
            raise RuntimeError("the daemon is not ready: " + (self.stage.folder / "tandemd.log").read_text()[-2000:])

    def take(self):
        """Takes the daemon's notifications; whether it was ready."""
        while True:
            try:
                text, passed, *_ = self.socket.recvmsg(4096, socket.CMSG_SPACE(4 * 16))
            except BlockingIOError:
                return self.ready
            fields = dict(line.split("=", 1) for line in text.decode().split("\n") if line)
            self.said.append(fields)
            numbers = array.array("i")
            for _, _, data in passed:
                numbers.frombytes(data)
            self.ready = self.ready or fields.get("READY") == "1"
            if fields.get("FDSTORE") == "1":
                self.store[fields["FDNAME"]] = numbers[0]
            elif fields.get("FDSTOREREMOVE") == "1" and fields["FDNAME"] in self.store:
                os.close(self.store.pop(fields["FDNAME"]))

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.take()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for number in self.store.values():
            os.close(number)
        self.socket.close()


class KeptSockets(SystemTest):
    def manager(self, **options):
        made = Manager(self.stage, self.stage.configuration(**options))
        self.addCleanup(made.stop)
        made.start()
        return made

    def tandem(self, *words):
        done = subprocess.run(
            [str(BIN / "tandem"), "--runtime-dir", str(self.stage.folder / "run"), *words], capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_requests_that_come_while_the_daemon_is_dead_are_answered_by_the_next(self):
        manager = self.manager()
        a, b = Endpoint(self.stage.socket(A), self.stage.inside), Endpoint(self.stage.socket(B), self.stage.outside)
        self.assertEqual(sorted(manager.store), [f"udp {self.stage.at(1)} 5060", f"udp {self.stage.at(1)} 5070"])
        manager.kill()
        # Not once repeated: it waits in the socket.
        a.send(a.invite(OUT))
        time.sleep(0.3)
        manager.start()
        invite = b.expect("INVITE")
        b.respond(invite, 486)
        b.expect("ACK")
        a.ack(a.expect(486))
        answer, _, _ = answered(a, b, OUT)
        a.send(a.within("BYE", answer, 2))
        b.respond(b.expect("BYE"), 200)
        a.expect(200)

    def test_connections_that_come_meanwhile_are_accepted_by_the_next(self):
        manager = self.manager(inside="tcp")
        manager.kill()
        a = Endpoint(self.stage.socket(A, transport="tcp"), self.stage.inside, "tcp")
        a.send(a.request("OPTIONS", "x"))
        manager.start()
        a.expect(200)

    def test_a_commit_keeps_new_listeners_and_forgets_those_that_are_gone(self):
        manager = self.manager()
        self.tandem("set", "listener", "third", "interface", "lan", "port", "5090", "transport", "udp")
        self.tandem("commit")
        self.assertTrue(wait_for(lambda: manager.take() and f"udp {self.stage.at(1)} 5090" in manager.store))
        self.tandem("set", "listener", "third", "port", "5091")
        self.tandem("commit")
        self.assertTrue(wait_for(lambda: manager.take() and f"udp {self.stage.at(1)} 5090" not in manager.store))
        self.assertIn(f"udp {self.stage.at(1)} 5091", manager.store)
        # FDPOLL=0: an error pending on a socket is no reason to drop it.
        self.assertTrue(all(said.get("FDPOLL") == "0" for said in manager.said if "FDSTORE" in said))

    def test_sockets_of_a_start_that_fails_are_not_in_the_way_of_the_next_try(self):
        manager = self.manager()
        manager.kill()
        # 5060 comes back from the store, 5070 is a stranger's.
        os.close(manager.store.pop(f"udp {self.stage.at(1)} 5070"))
        thief = self.stage.socket(1, 5070)
        manager.start()
        thief.close()
        log = self.stage.folder / "tandemd.log"
        self.assertTrue(wait_for(lambda: manager.take() and "runs now" in log.read_text()), log.read_text()[-1000:])
        self.assertTrue(wait_for(lambda: manager.take() and len(manager.store) == 2))
        a = Endpoint(self.stage.socket(A), self.stage.inside)
        a.send(a.request("OPTIONS", "x"))
        a.expect(200)

    def test_what_no_listener_wants_is_forgotten_and_a_name_alone_is_not_believed(self):
        manager = self.manager()
        manager.kill()
        name = f"udp {self.stage.at(1)} 5060"
        foreign = self.stage.socket(B, 5099)
        os.close(manager.store[name])
        manager.store[name] = os.dup(foreign.fileno())
        manager.store["udp 127.0.0.9 5060"] = os.dup(foreign.fileno())
        manager.start()
        self.assertTrue(wait_for(lambda: manager.take() and "udp 127.0.0.9 5060" not in manager.store))
        a = Endpoint(self.stage.socket(A), self.stage.inside)
        a.send(a.request("OPTIONS", "x"))
        a.expect(200)
