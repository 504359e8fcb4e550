"""The daemon as a service: how it starts, what it refuses, how it ends, and what is there afterwards."""
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import unittest

from appliance import BIN, ROOT
from scenario import answers, calls
from stage import A, B, C, OUT, Namespace, Stage, SystemTest, needed, wait_for
from wire import Endpoint, answered

# Tests/Plugins/fixture.c
NO_SYMBOL, OTHER_MAJOR, DIES_IN_OPEN, EXITS_IN_OPEN, HANGS_IN_CLOSE = 1, 2, 5, 6, 9


class ServiceTest(SystemTest):
    def refused(self, *options, configuration=None, seconds=15, command=None):
        """What a daemon says that must not come up; ends with status 1."""
        file = self.stage.folder / "refused.conf"
        file.write_text(configuration if configuration is not None else self.stage.configuration())
        command = command or [str(BIN / "tandemd"), "--config", str(file)]
        folders = [("--state-dir", "refused-state"), ("--runtime-dir", "refused-run")]
        command += [word for option, name in folders if option not in options for word in (option, str(self.stage.folder / name))]
        done = subprocess.run(
            [*command, *options], capture_output=True, text=True, timeout=seconds, env={**os.environ, "SWIFT_BACKTRACE": "enable=no"})
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def ends(self):
        return Endpoint(self.stage.socket(A), self.stage.inside), Endpoint(self.stage.socket(B), self.stage.outside)

    def plugin_folder(self, *shipped):
        folder = self.stage.folder / "plugins"
        folder.mkdir(exist_ok=True)
        for name in shipped:
            for end in ("so", "yang"):
                shutil.copy(BIN / "plugins" / f"{name}.{end}", folder)
        return folder

    def fixture(self, name, misbehaviour):
        """Tests/Plugins/fixture.c as `name`.so, with a module of its own."""
        folder = self.plugin_folder()
        subprocess.run(
            ["cc", "-std=gnu11", "-shared", "-fPIC", "-fvisibility=hidden", f"-DMISBEHAVE={misbehaviour}", "-I", str(ROOT / "Sources/C/TandemTrunk/include"),
             str(ROOT / "Tests/Plugins/fixture.c"), "-o", str(folder / f"{name}.so")], check=True)
        (folder / f"{name}.yang").write_text(
            f'module {name} {{ yang-version 1.1; namespace "urn:test:{name}"; prefix p; import tandem {{ prefix t; }}\n'
            f'  augment "/t:peer" {{ when "t:type = \'{name}\'"; leaf code {{ type string; }} }} }}\n')

    def places_a_call(self):
        callee = self.stage.sipp(answers(), B)
        caller = self.stage.sipp(calls(talk=50), A, self.stage.inside, called=OUT)
        self.assertWent(caller, callee)


class Ending(ServiceTest):
    def test_SIGTERM_ends_calls_with_BYE(self):
        self.stage.start()
        a, b = self.ends()
        answered(a, b, OUT)
        began = time.monotonic()
        self.stage.appliance.process.send_signal(signal.SIGTERM)
        for end in (a, b):
            end.respond(end.expect("BYE"), 200)
        self.assertEqual(self.stage.appliance.process.wait(6), 0)
        self.assertLess(time.monotonic() - began, 5)
        records = sqlite3.connect(self.stage.appliance.folder / "state" / "calls.sqlite").execute("SELECT outcome FROM call").fetchall()
        self.assertEqual(records, [("answered",)])

    def test_SIGINT_does_so_too(self):
        self.stage.start()
        a, b = self.ends()
        answered(a, b, OUT)
        self.stage.appliance.process.send_signal(signal.SIGINT)
        for end in (a, b):
            end.respond(end.expect("BYE"), 200)
        self.assertEqual(self.stage.appliance.process.wait(6), 0)

    def test_a_call_that_is_ringing_is_refused_and_cancelled(self):
        self.stage.start()
        a, b = self.ends()
        a.send(a.invite(OUT))
        invite = b.expect("INVITE")
        b.respond(invite, 180)
        a.expect(180)
        self.stage.appliance.process.send_signal(signal.SIGTERM)
        a.ack(a.expect(503))
        b.respond(b.expect("CANCEL"), 200)
        b.respond(invite, 487)
        b.expect("ACK")
        self.assertEqual(self.stage.appliance.process.wait(6), 0)

    def test_peers_that_do_not_answer_do_not_hold_it_up(self):
        self.stage.start()
        a, b = self.ends()
        answered(a, b, OUT)
        began = time.monotonic()
        self.stage.appliance.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.stage.appliance.process.wait(8), 0)
        self.assertLess(time.monotonic() - began, 5)

    def test_a_caller_that_never_acknowledges_does_not_hold_it_up(self):
        self.stage.start()
        a, b = self.ends()
        a.send(a.invite(OUT))
        b.respond(b.expect("INVITE"), 200, b.sdp())
        a.expect(200)
        b.expect("ACK")
        began = time.monotonic()
        self.stage.appliance.process.send_signal(signal.SIGTERM)
        b.expect("BYE")
        self.assertEqual(self.stage.appliance.process.wait(8), 0)
        self.assertLess(time.monotonic() - began, 5)

    def test_a_plugin_that_hangs_as_it_is_closed_does_not_hold_it_up(self):
        folder = self.plugin_folder("itsp", "ip-pbx")
        self.fixture("fixture", HANGS_IN_CLOSE)
        self.stage.start(self.stage.configuration().replace("peer b type itsp", "peer b type fixture"), plugins=folder)
        a, b = self.ends()
        a.send(a.invite(OUT))
        b.respond(b.expect("INVITE"), 486)
        b.expect("ACK")
        a.ack(a.expect(486))
        began = time.monotonic()
        self.stage.appliance.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.stage.appliance.process.wait(8), 0)
        self.assertLess(time.monotonic() - began, 5)
        self.assertIn("plugins are not closed", self.stage.appliance.output())

    def test_plugins_are_closed_behind_the_last_call(self):
        folder = self.plugin_folder("itsp", "ip-pbx")
        self.fixture("fixture", 0)
        self.stage.start(self.stage.configuration().replace("peer b type itsp", "peer b type fixture"), plugins=folder)
        a, b = self.ends()
        answered(a, b, OUT)
        self.stage.appliance.process.send_signal(signal.SIGTERM)
        for end in (a, b):
            end.respond(end.expect("BYE"), 200)
        self.assertEqual(self.stage.appliance.process.wait(6), 0)
        # The plugin had been told of one call's begin and of its end.
        said = self.stage.appliance.output()
        self.assertIn("closed after calls 1/1", said)
        self.assertLess(said.index("closed after calls"), said.index("stopped"))

    def test_it_lives_on_after_SIGHUP(self):
        self.stage.start()
        self.stage.appliance.process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        self.places_a_call()


class ServiceManager(ServiceTest):
    def test_hears_of_readiness_life_and_end(self):
        path = str(self.stage.folder / "notify")
        ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        ear.bind(path)
        ear.settimeout(3)
        self.stage.sockets.append(ear)
        self.stage.start(environment={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "2000000"})
        kept = [ear.recv(1000) for _ in range(2)]
        self.assertTrue(all(said.startswith(b"FDSTORE=1") for said in kept), kept)
        self.assertEqual(ear.recv(1000), b"READY=1")
        began = time.monotonic()
        self.assertEqual([ear.recv(1000) for _ in range(4)], [b"WATCHDOG=1"] * 4)
        self.assertLess(time.monotonic() - began, 2.5, "half the limit at most between two")
        self.assertNotIn("watchdog", [off["what"] for off in self.stage.appliance.json("show", "system")["off"]])
        self.stage.appliance.process.send_signal(signal.SIGTERM)
        said = b""
        while said != b"STOPPING=1":
            said = ear.recv(1000)
        self.assertEqual(self.stage.appliance.process.wait(6), 0)


class Starting(ServiceTest):
    def test_a_second_daemon_on_the_same_runtime_directory(self):
        self.stage.start()
        run = str(self.stage.appliance.folder / "run")
        text = self.refused("--runtime-dir", run)
        self.assertIn(run, text)
        self.assertEqual(len(text.strip().splitlines()), 1, text)
        self.assertIn("up", self.stage.appliance.tandem("show", "trunks"))

    def test_a_second_daemon_on_the_same_state_directory(self):
        self.stage.start()
        state = str(self.stage.appliance.folder / "state")
        text = self.refused("--state-dir", state)
        self.assertIn(state, text)
        self.assertIn("another tandemd", text)
        self.assertEqual(len(text.strip().splitlines()), 1, text)
        self.places_a_call()

    def test_two_daemons_started_at_once(self):
        file = self.stage.folder / "tandem.conf"
        file.write_text(self.stage.configuration())
        words = [str(BIN / "tandemd"), "--config", str(file)] + [
            word for name in ("state", "runtime") for word in (f"--{name}-dir", str(self.stage.folder / name))]
        both = [subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(2)]
        try:
            self.assertTrue(wait_for(lambda: any(one.poll() is not None for one in both), 15))
            time.sleep(0.5)
            self.assertEqual(sorted(str(one.poll()) for one in both), ["1", "None"])
            show = [str(BIN / "tandem"), "--runtime-dir", str(self.stage.folder / "runtime"), "show", "trunks"]
            self.assertTrue(wait_for(lambda: subprocess.run(show, capture_output=True).returncode == 0, 10))
        finally:
            for one in both:
                one.kill()
                one.wait()

    def test_a_runtime_directory_that_a_killed_daemon_left(self):
        appliance = self.stage.start()
        appliance.process.kill()
        appliance.process.wait()
        appliance.log.close()
        self.assertTrue((appliance.folder / "run" / "control.sock").exists())
        appliance.start()
        self.assertIn("up", appliance.tandem("show", "trunks"))

    def test_a_runtime_directory_that_is_a_file(self):
        file = self.stage.folder / "file"
        file.write_text("")
        text = self.refused("--runtime-dir", str(file))
        self.assertIn(str(file), text)
        self.assertEqual(len(text.strip().splitlines()), 1, text)

    def test_a_file_where_the_socket_belongs(self):
        folder = self.stage.folder / "run"
        folder.mkdir()
        (folder / "control.sock").write_text("mine")
        text = self.refused("--runtime-dir", str(folder))
        self.assertIn("control.sock", text)
        self.assertEqual((folder / "control.sock").read_text(), "mine")

    def test_a_busy_port(self):
        self.stage.socket(1, 5060)
        text = self.refused()
        self.assertIn(f"{self.stage.at(1)}:5060", text)
        self.assertIn("inside", text)

    def test_a_configuration_file_that_is_not_there(self):
        text = self.refused(command=[str(BIN / "tandemd"), "--config", "/nonexistent/tandem.conf"])
        self.assertIn("/nonexistent/tandem.conf", text)

    def test_a_configuration_file_that_is_a_folder(self):
        text = self.refused(command=[str(BIN / "tandemd"), "--config", str(self.stage.folder)])
        self.assertIn(str(self.stage.folder), text)

    def test_an_option_that_is_none(self):
        done = subprocess.run([str(BIN / "tandemd"), "--nonsense"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("--nonsense", done.stderr)
        self.assertIn("usage", done.stderr)

    def test_a_wrong_configuration_is_refused_whole(self):
        good = self.stage.configuration()
        wrong = {
            "set listener inside port 70000": [f"line {good.count(chr(10)) + 1}: listener inside port", "'70000'", "65535"],
            "set peer a transport smoke": ["peer a transport", "'smoke'", "udp"],
            "set trunk b peer nobody": ["trunk b peer", "'nobody'", "a, b or c"],
            "set voice-route to-b pattern '(['": ["voice-route to-b pattern", "(["],
            "set interface lan device nope0": ["interface lan device", "'nope0'", "lo"],
            "set interface lan address 192.0.2.55/24": ["interface lan address", "192.0.2.55", "ip address"],
            "set colour blue": ["'colour'", "listener"],
        }
        for line, wanted in wrong.items():
            with self.subTest(line):
                text = self.refused(configuration=good + line + "\n")
                for part in wanted:
                    self.assertIn(part, text)
                self.assertFalse((self.stage.folder / "refused-state" / "running.json").exists())

    def test_two_trunks_that_can_not_be_told_apart(self):
        text = self.refused(configuration=self.stage.configuration() + "set trunk twin listener inside peer a media-realm m\n")
        self.assertIn("twin", text)
        self.assertIn("a", text)

    def test_json_as_configuration(self):
        appliance = self.stage.start()
        text = appliance.tandem("show", "configuration", "--json")
        appliance.stop()
        shutil.rmtree(appliance.folder)
        appliance.folder.mkdir()
        self.stage.start(text)
        self.places_a_call()

    def test_without_any_configuration(self):
        appliance = self.stage.start("")
        self.assertIn("No trunk", appliance.tandem("show", "trunks"))


class Restarting(ServiceTest):
    def test_the_last_commit_wins_over_the_file(self):
        appliance = self.stage.start()
        appliance.tandem("set", "trunk", "b", "max-calls", "9")
        appliance.tandem("commit")
        appliance.tandem("set", "trunk", "c", "max-calls", "8")
        self.assertEqual(appliance.stop(), 0)
        appliance.start()
        said = appliance.output()
        self.assertIn("last commit", said)
        self.assertIn(str(appliance.configuration), said)
        limits = {trunk["name"]: trunk["maxCalls"] for trunk in appliance.json("show", "trunks")["trunks"]}
        self.assertEqual((limits["b"], limits["c"]), (9, 0))
        # What was not committed is still the candidate.
        self.assertIn("+set trunk c max-calls 8", appliance.tandem("compare"))
        appliance.tandem("rollback", "1")
        self.assertIn("-set trunk b max-calls 9", appliance.tandem("compare"))
        self.places_a_call()

    def test_after_a_kill(self):
        appliance = self.stage.start()
        self.places_a_call()
        self.record()
        a, b = self.ends()
        answered(a, b, OUT)
        appliance.process.kill()
        appliance.process.wait()
        appliance.log.close()
        appliance.start()
        a.socket.close()
        b.socket.close()
        self.places_a_call()
        # The call that was up when it died has no record; those before and after have.
        self.assertEqual([record["outcome"] for record in self.record(2)], ["answered", "answered"])

    def test_a_damaged_state_is_said_and_not_overwritten_until_a_commit(self):
        appliance = self.stage.start()
        appliance.stop()
        running = appliance.folder / "state" / "running.json"
        running.write_text('{"commit": tru')
        (appliance.folder / "state" / "previous.json").unlink(missing_ok=True)
        appliance.start()
        self.assertIn(f"{running} is damaged", appliance.output())
        off = {one["what"]: one["why"] for one in appliance.json("show", "system")["off"]}
        self.assertIn("nothing runs", off["the last commit"])
        self.assertEqual(running.read_text(), '{"commit": tru')
        appliance.tandem("-f", str(appliance.configuration))
        appliance.tandem("commit")
        self.assertEqual((appliance.folder / "state" / "running.json.damaged").read_text(), '{"commit": tru')
        self.assertNotIn("the last commit", [one["what"] for one in appliance.json("show", "system")["off"]])
        self.places_a_call()

    def test_a_read_only_state_directory_is_said_and_runs_from_memory(self):
        needed(self, os.geteuid() == 0, "a mount needs root")
        state = self.stage.folder / "appliance" / "state"
        self.stage.prefix = ["unshare", "--mount", "sh", "-c", f'mkdir -p {state} && mount -t tmpfs -o ro none {state} && exec "$@"', "sh"]
        appliance = self.stage.start()
        self.stage.prefix = []
        off = {one["what"]: one["why"] for one in appliance.json("show", "system")["off"]}
        self.assertIn("not kept over a restart", off["what is kept"])
        self.assertIn(str(state), off["what is kept"])
        appliance.tandem("set", "trunk", "b", "max-calls", "9")
        self.assertIn("not kept over a restart", appliance.tandem("commit"))
        self.places_a_call()

    def test_a_commit_that_can_not_run_at_start_runs_as_soon_as_it_can(self):
        appliance = self.stage.start()
        appliance.stop()
        thief = self.stage.socket(1, 5060)
        appliance.start()
        self.assertIn("inside", appliance.output())
        off = {one["what"]: one["why"] for one in appliance.json("show", "system")["off"]}
        self.assertIn(f"{self.stage.at(1)}:5060", off["the last commit"])
        thief.close()
        self.assertTrue(wait_for(lambda: "runs now" in appliance.output()))
        self.places_a_call()

    def test_after_damage_the_commit_before_runs(self):
        appliance = self.stage.start()
        for limit in ("9", "10"):
            appliance.tandem("set", "trunk", "b", "max-calls", limit)
            appliance.tandem("commit")
        appliance.stop()
        running = appliance.folder / "state" / "running.json"
        running.write_bytes(running.read_bytes()[:100])
        appliance.start()
        self.assertIn("running.json is damaged", appliance.output())
        self.assertEqual({trunk["name"]: trunk["maxCalls"] for trunk in appliance.json("show", "trunks")["trunks"]}["b"], 9)
        self.places_a_call()


class Records(ServiceTest):
    def test_one_for_every_call_whatever_became_of_it(self):
        appliance = self.stage.start()
        a, b = self.ends()
        answer, _, _ = answered(a, b, OUT)
        a.send(a.within("BYE", answer, 2))
        a.expect(200)
        b.respond(b.expect("BYE"), 200)
        for status in (486, 404):
            a.send(a.invite(OUT))
            b.respond(b.expect("INVITE"), status)
            b.expect("ACK")
            a.ack(a.expect(status))
        a.send(a.invite("5550100"))
        a.ack(a.expect(404))
        a.send(a.invite(OUT, tag="t", call="given-up", branch="z9hG4bKup"))
        invite = b.expect("INVITE")
        b.respond(invite, 180)
        a.expect(180)
        a.send(a.request("CANCEL", OUT, tag="t", call="given-up", branch="z9hG4bKup"))
        a.expect(200)
        a.ack(a.expect(487))
        b.respond(b.expect("CANCEL"), 200)
        b.respond(invite, 487)
        b.expect("ACK")
        a.send(a.invite(OUT, body=""))
        a.ack(a.expect(488))
        self.record(6)
        with sqlite3.connect(appliance.folder / "state" / "calls.sqlite") as database:
            rows = database.execute("SELECT outcome, status, incoming_trunk, outgoing_trunk, called FROM call ORDER BY began").fetchall()
        self.assertEqual(rows, [
            ("answered", 200, "a", "b", OUT), ("busy", 486, "a", "b", OUT), ("refused", 404, "a", "b", OUT), ("refused", 404, "a", None, "5550100"),
            ("cancelled", 487, "a", "b", OUT), ("refused", 488, "a", None, OUT)])

    def test_none_are_written_when_they_are_off(self):
        self.stage.start(more="set system cdr false")
        self.places_a_call()
        time.sleep(0.5)
        self.assertEqual(self.stage.appliance.json("show", "calls", "history")["calls"], [])


class Plugins(ServiceTest):
    def states(self):
        return {plugin["id"]: (plugin["state"], plugin["reason"]) for plugin in self.stage.appliance.json("show", "plugins")["plugins"]}

    def test_a_folder_that_is_not_there(self):
        appliance = self.stage.start("", plugins=self.stage.folder / "nowhere")
        self.assertIn(str(self.stage.folder / "nowhere"), appliance.output())

    def test_broken_ones_are_named_and_the_others_work(self):
        folder = self.plugin_folder("itsp", "ip-pbx")
        (folder / "text.so").write_text("this is no library\n")
        (folder / "text.yang").write_text("module text { }\n")
        shutil.copy(BIN / "plugins" / "itsp.so", folder / "alone.so")
        for name, misbehaviour in (("symbol", NO_SYMBOL), ("version", OTHER_MAJOR), ("dies", DIES_IN_OPEN), ("exits", EXITS_IN_OPEN)):
            self.fixture(name, misbehaviour)
        self.stage.start(plugins=folder)
        states, said = self.states(), self.stage.appliance.output()
        for name in ("text", "alone", "symbol", "version", "dies", "exits"):
            with self.subTest(name):
                self.assertEqual(states[name][0], "refused")
                self.assertIn(f"{name}.so", states[name][1])
                self.assertIn(f"{name}.so", said)
        self.assertIn("2", states["version"][1])
        self.assertIn("alone.yang", states["alone"][1])
        self.assertEqual((states["itsp"][0], states["ip-pbx"][0]), ("loaded", "loaded"))
        self.places_a_call()

    def test_one_that_is_dropped_in_serves_its_peers(self):
        folder = self.plugin_folder("itsp", "ip-pbx")
        self.fixture("fixture", 0)
        self.stage.start(self.stage.configuration(more="set peer b code x").replace("peer b type itsp", "peer b type fixture"), plugins=folder)
        self.assertEqual(self.states()["fixture"][0], "loaded")
        self.places_a_call()
        self.assertEqual(self.record()["legs"][1]["trunk"], "b")

    def test_a_peer_without_its_plugin_is_down_and_the_rest_runs(self):
        folder = self.plugin_folder("itsp", "ip-pbx")
        self.fixture("fixture", 0)
        appliance = self.stage.start(self.stage.configuration(more="set peer b code x").replace("peer b type itsp", "peer b type fixture"), plugins=folder)
        appliance.stop()
        (folder / "fixture.so").unlink()
        (folder / "fixture.yang").unlink()
        appliance.start()
        peers = {peer["name"]: peer for peer in appliance.json("show", "peers")["peers"]}
        self.assertEqual(peers["b"]["state"], "down")
        self.assertIn("fixture", peers["b"]["reason"])
        trunks = {trunk["name"]: trunk["state"] for trunk in appliance.json("show", "trunks")["trunks"]}
        self.assertEqual(trunks, {"a": "up", "b": "down", "c": "up"})
        callee = self.stage.sipp(answers(), C)
        caller = self.stage.sipp(calls(), A, self.stage.inside, called=OUT)
        self.assertWent(caller, callee)
        # Its settings are kept as they are, and another commit does not lose them.
        appliance.tandem("set", "trunk", "c", "max-calls", "3")
        appliance.tandem("commit")
        self.assertIn("code", appliance.tandem("show", "configuration", "--json"))


class Devices(unittest.TestCase):
    def test_an_address_is_set_on_the_device_that_is_named(self):
        space = Namespace(self, "device")
        space.run("ip", "link", "add", "voice0", "type", "veth", "peer", "name", "far0")
        space.run("ip", "link", "set", "far0", "up")
        stage = Stage(space)
        self.addCleanup(stage.clean)
        self.addCleanup(stage.stop)
        appliance = stage.start("""
set interface voice device voice0 address 192.0.2.9/24
set listener lan interface voice port 5060 transport udp
set peer p type ip-pbx address 192.0.2.10 port 5060 transport udp
set trunk t listener lan peer p
""")
        shown = space.run("ip", "-brief", "address", "show", "voice0")
        self.assertIn("192.0.2.9/24", shown)
        self.assertIn("UP", space.run("ip", "link", "show", "voice0"))
        interface, = appliance.json("show", "interfaces")["interfaces"]
        self.assertEqual((interface["device"], interface["state"]), ("voice0", "up"))
        space.run("ip", "link", "set", "voice0", "down")
        self.assertTrue(wait_for(lambda: "voice is down" in appliance.output()))
        self.assertEqual(appliance.json("show", "interfaces")["interfaces"][0]["state"], "down")

    def devices(self):
        """A namespace with voice0, joined to far0, and an appliance that serves 192.0.2.9 on it."""
        space = Namespace(self, "device")
        space.run("ip", "link", "add", "voice0", "type", "veth", "peer", "name", "far0")
        space.run("ip", "link", "set", "far0", "up")
        stage = Stage(space)
        self.addCleanup(stage.clean)
        self.addCleanup(stage.stop)
        appliance = stage.start("""
set interface voice device voice0 address 192.0.2.9/24
set interface voice gateway 192.0.2.1
set listener lan interface voice port 5060 transport udp
set peer p type ip-pbx address 198.51.100.10 port 5060 transport udp
set trunk t listener lan peer p
""")
        return space, appliance

    def test_a_gateway_leads_what_is_sent_from_the_interface_and_nothing_else(self):
        space, appliance = self.devices()
        self.assertIn("via 192.0.2.1 dev voice0", space.run("ip", "route", "get", "198.51.100.10", "from", "192.0.2.9"))
        self.assertNotIn("via", space.run("ip", "route", "get", "192.0.2.77", "from", "192.0.2.9"))
        self.assertEqual(space.run("ip", "route", "show", "default"), "")
        # The device goes and comes: its routes are gone with it, and set again.
        space.run("ip", "link", "set", "voice0", "down")
        self.assertTrue(wait_for(lambda: "voice is down" in appliance.output()))
        space.run("ip", "link", "set", "voice0", "up")
        self.assertTrue(wait_for(lambda: "via 192.0.2.1" in space.run("ip", "route", "show", "table", "all")))
        appliance.tandem("delete", "interface", "voice", "gateway")
        appliance.tandem("commit")
        self.assertNotIn("via 192.0.2.1", space.run("ip", "route", "show", "table", "all"))
        self.assertNotIn("192.0.2.9", space.run("ip", "rule"))

    def test_an_address_that_leaves_the_configuration_leaves_the_device(self):
        space, appliance = self.devices()
        appliance.tandem("set", "interface", "voice", "address", "192.0.2.19/24")
        appliance.tandem("delete", "interface", "voice", "address", "192.0.2.9/24")
        appliance.tandem("commit")
        shown = space.run("ip", "-brief", "address", "show", "voice0")
        self.assertIn("192.0.2.19/24", shown)
        self.assertNotIn("192.0.2.9/24", shown)
        self.assertIn("from 192.0.2.19", space.run("ip", "rule"))

    def test_a_device_that_comes_back_is_set_again(self):
        space, appliance = self.devices()
        space.run("ip", "link", "delete", "voice0")
        self.assertTrue(wait_for(lambda: "voice is without its device" in appliance.output()))
        space.run("ip", "link", "add", "voice0", "type", "veth", "peer", "name", "far0")
        space.run("ip", "link", "set", "far0", "up")
        self.assertTrue(wait_for(lambda: "192.0.2.9/24" in space.run("ip", "address", "show", "voice0")))
        self.assertTrue(wait_for(lambda: "via 192.0.2.1" in space.run("ip", "route", "show", "table", "all")))
        # Somebody else's program takes the address away.
        space.run("ip", "address", "delete", "192.0.2.9/24", "dev", "voice0")
        self.assertTrue(wait_for(lambda: "192.0.2.9/24" in space.run("ip", "address", "show", "voice0")))

    def test_an_ipv6_address_serves_at_once(self):
        space, appliance = self.devices()
        appliance.tandem("set", "interface", "voice", "address", "2001:db8::9/64")
        appliance.tandem("set", "listener", "six", "address", "2001:db8::9", "port", "5060", "transport", "udp")
        appliance.tandem("commit")
        self.assertIn("2001:db8::9", space.run("ss", "-lnu"))

    def test_a_refused_commit_leaves_the_device_as_it_was(self):
        space, appliance = self.devices()
        before = space.run("ip", "address", "show", "voice0"), space.run("ip", "rule"), space.run("ip", "route", "show", "table", "all")
        busy = subprocess.Popen([*space.prefix, sys.executable, "-c", """
import socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
    taken.bind(("127.0.0.1", 5066))
    print("bound", flush=True)
    sys.stdin.read()
"""], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(busy.wait)
        self.addCleanup(busy.stdin.close)
        self.addCleanup(busy.stdout.close)
        busy.stdout.readline()
        appliance.tandem("set", "interface", "voice", "address", "192.0.2.19/24")
        appliance.tandem("delete", "interface", "voice", "gateway")
        appliance.tandem("set", "interface", "voice", "gateway", "192.0.2.2")
        appliance.tandem("set", "interface", "local", "address", "127.0.0.1/8")
        appliance.tandem("set", "listener", "busy", "interface", "local", "port", "5066", "transport", "udp")
        refused = appliance.tandem("commit", check=False)
        self.assertIn("5066", refused.stderr)
        self.assertEqual((space.run("ip", "address", "show", "voice0"), space.run("ip", "rule"), space.run("ip", "route", "show", "table", "all")), before)


if __name__ == "__main__":
    unittest.main()
