"""The command line against the real daemon: every command, as arguments, from files, at a prompt; what it says when something is wrong."""
import json
import os
import subprocess
import unittest

from appliance import BIN
from scenario import answers, calls
from stage import A, B, IN, OUT, SystemTest, needed
from terminal import Terminal
from wire import Endpoint, answered


class CommandTest(SystemTest):
    def setUp(self):
        super().setUp()
        self.stage.start()

    def tandem(self, *words, **options):
        return self.stage.appliance.tandem(*words, **options)

    def refused(self, *words, status=1, **options):
        """The error of a command that must fail; nothing of it goes to standard output."""
        done = self.tandem(*words, check=False, **options)
        self.assertEqual(done.returncode, status, f"{words}: {done.stdout}{done.stderr}")
        self.assertEqual(done.stdout, "")
        return done.stderr

    def call_up(self):
        stage = self.stage
        self.a, self.b = Endpoint(stage.socket(A), stage.inside), Endpoint(stage.socket(B), stage.outside)
        self.answer, self.invite, _ = answered(self.a, self.b, OUT, ring=True)
        call, = self.stage.appliance.json("show", "calls")["calls"]
        return call["id"]

    def hang_up(self):
        self.a.send(self.a.within("BYE", self.answer, 9))
        self.a.expect(200)
        self.b.respond(self.b.expect("BYE"), 200)


class Commands(CommandTest):
    def test_show_says_what_runs(self):
        shown = {
            ("trunks",): ["TRUNK", "b ", "up"], ("peers",): ["itsp", self.stage.at(B)], ("listeners",): ["inside", "udp", f"{self.stage.at(1)}:5060", "listening"],
            ("interfaces",): ["lan", f"{self.stage.at(1)}/8", "up"], ("plugins",): ["itsp", "ip-pbx", "pstn-gateway", "loaded"],
            ("calls",): ["No call is up"], ("calls", "history"): ["No call has ended yet"], ("media",): ["REALM", "m ", "CAPACITY"],
            ("system",): ["version", "fast path"], ("counters",): ["gate.strangers", "call.offered"], ("configuration",): ["peer a {", "type ip-pbx"],
            ("configuration", "trunk", "b"): ["peer b"], ("configuration", "|", "set"): ["set trunk b peer b"],
        }
        for words, wanted in shown.items():
            with self.subTest(words):
                text = self.tandem("show", *words)
                for part in wanted:
                    self.assertIn(part, text)

    def test_json(self):
        lists = ("trunks", "peers", "listeners", "interfaces", "plugins", "calls")
        for name in lists:
            with self.subTest(name):
                self.assertIsInstance(json.loads(self.tandem("--json", "show", name))[name], list)
                self.assertEqual(self.tandem("show", name, "|", "json"), self.tandem("show", name, "--json"))
        self.assertEqual(json.loads(self.tandem("show", "calls", "history", "--json")), {"calls": []})
        self.assertIn("realms", json.loads(self.tandem("show", "media", "--json")))
        self.assertIn("off", json.loads(self.tandem("show", "system", "--json")))
        configuration = json.loads(self.tandem("show", "configuration", "--json"))
        self.assertTrue(any(key.endswith(":peer") or key == "peer" for key in configuration), list(configuration))
        tested = json.loads(self.tandem("test", "number", OUT, "trunk", "a", "--json"))
        self.assertEqual([attempt["trunk"] for attempt in tested["attempts"]], ["b", "c"])

    def test_test_number_agrees_with_what_calls_do(self):
        self.assertIn("to-b", self.tandem("test", "number", OUT, "trunk", "a"))
        self.assertIn("404", self.tandem("test", "number", "5550100", "trunk", "a"))
        text = self.tandem("test", "number", IN, "trunk", "a")
        self.assertIn("403", text)
        self.assertIn("12004", text)
        self.assertIn("nobody", self.refused("test", "number", OUT, "trunk", "nobody"))

    def test_errors_name_node_value_and_what_is_accepted(self):
        wrong = {
            "show nothing": ["show", "'nothing'", "trunks, peers"],
            "set listener inside port 70000": ["listener inside port", "'70000'", "1 to 65535"],
            "set listener inside transport sctp": ["listener inside transport", "'sctp'", "udp", "tcp"],
            "set peer a addres 192.0.2.1": ["peer a", "'addres'", "address"],
            "set nothing at all": ["'nothing'", "accepted", "listener"],
            "delete trunk zzz": ["trunk", "zzz"],
            "show call 12": ["call", "'12'", "show calls"],
            "request call clear 12": ["call", "'12'"],
            "rollback 60": ["rollback", "'60'"],
            "load merge /nonexistent": ["/nonexistent"],
        }
        for line, wanted in wrong.items():
            with self.subTest(line):
                text = self.refused(*line.split())
                for part in wanted:
                    self.assertIn(part, text)

    def test_usage(self):
        self.assertIn("usage:", self.tandem("--help"))
        self.assertIn("--nonsense", self.refused("--nonsense", status=2))
        self.assertIn("-f", self.refused("-f", status=2))

    def test_without_a_daemon(self):
        done = subprocess.run([str(BIN / "tandem"), "--runtime-dir", str(self.stage.folder), "show", "trunks"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("tandemd", done.stderr)
        self.assertIn(str(self.stage.folder), done.stderr)

    def test_the_environment_names_the_daemon(self):
        done = subprocess.run(
            [str(BIN / "tandem"), "show", "trunks"], capture_output=True, text=True,
            env={**os.environ, "TANDEM_RUNTIME_DIR": str(self.stage.appliance.folder / "run")})
        self.assertEqual(done.returncode, 0, done.stderr)


class Changes(CommandTest):
    def test_a_change_runs_only_after_its_commit(self):
        self.tandem("set", "trunk", "b", "max-calls", "7")
        self.assertEqual(self.limit("b"), 0)
        self.assertEqual(self.tandem("compare").split("\n")[0], "+set trunk b max-calls 7")
        self.tandem("commit", "check")
        self.assertEqual(self.limit("b"), 0)
        self.tandem("commit", "comment", "seven at most")
        self.assertEqual(self.limit("b"), 7)
        self.assertIn("seven at most", self.tandem("show", "system"))
        self.assertEqual(self.tandem("compare"), "No difference.\n")

    def limit(self, name):
        return next(trunk["maxCalls"] for trunk in self.stage.appliance.json("show", "trunks")["trunks"] if trunk["name"] == name)

    def test_rollback(self):
        self.tandem("set", "trunk", "b", "max-calls", "7")
        self.tandem("commit")
        self.tandem("rollback", "1")
        self.assertEqual(self.limit("b"), 7)
        self.tandem("commit")
        self.assertEqual(self.limit("b"), 0)

    def test_discard(self):
        self.tandem("set", "trunk", "b", "max-calls", "7")
        self.tandem("discard")
        self.assertEqual(self.tandem("compare"), "No difference.\n")

    def test_a_wrong_commit_changes_nothing(self):
        self.tandem("set", "trunk", "b", "max-calls", "7")
        self.tandem("set", "trunk", "new", "peer", "nobody")
        text = self.refused("commit")
        self.assertIn("trunk new", text)
        self.assertEqual(self.limit("b"), 0)

    def test_a_listener_that_can_not_be_bound_refuses_the_commit(self):
        self.stage.socket(1, 5099)
        self.tandem("set", "listener", "third", "interface", "lan", "port", "5099", "transport", "udp")
        text = self.refused("commit")
        self.assertIn("5099", text)
        self.assertNotIn("third", [one["name"] for one in self.stage.appliance.json("show", "listeners")["listeners"]])
        self.assertNotIn("third", self.tandem("show", "configuration"))

    def test_from_a_file(self):
        file = self.stage.folder / "lines"
        file.write_text("# limits\nset trunk b max-calls 3\n\nset trunk c max-calls 4\ncommit\nshow trunks\n")
        self.assertIn("TRUNK", self.tandem("-f", str(file)))
        self.assertEqual((self.limit("b"), self.limit("c")), (3, 4))

    def test_from_standard_input(self):
        self.tandem("-f", "-", stdin="set trunk b max-calls 5\ncommit\n")
        self.assertEqual(self.limit("b"), 5)

    def test_a_file_stops_at_its_first_wrong_line(self):
        done = self.tandem("-f", "-", stdin="set trunk b max-calls 5\nset trunk b max-calls many\ncommit\n", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(":2:", done.stderr)
        self.assertIn("'many'", done.stderr)
        self.assertEqual(self.limit("b"), 0)

    def test_a_commit_does_not_touch_a_call_that_is_up(self):
        call = self.call_up()
        self.tandem("set", "trunk", "b", "max-calls", "1")
        self.tandem("set", "voice-route", "to-b", "priority", "7")
        self.tandem("set", "listener", "third", "interface", "lan", "port", "5099", "transport", "udp")
        self.tandem("commit")
        self.assertEqual([one["id"] for one in self.stage.appliance.json("show", "calls")["calls"]], [call])
        self.a.silence(0.2)
        self.b.silence(0.2)
        self.a.send(self.a.within("INVITE", self.answer, 2, self.a.sdp() + "a=sendonly\r\n"))
        self.b.respond(self.b.expect("INVITE"), 200, self.b.sdp() + "a=recvonly\r\n")
        self.b.expect("ACK")
        self.a.ack(self.a.expect(200))
        self.hang_up()
        self.assertEqual(self.record()["outcome"], "answered")

    def test_the_trunk_of_a_call_that_is_up_may_go(self):
        self.call_up()
        for line in ("delete voice-route to-b", "delete trunk-configuration trunk:b", "delete trunk b", "delete peer b", "commit"):
            self.tandem(*line.split())
        self.a.silence(0.2)
        self.a.send(self.a.within("BYE", self.answer, 9))
        self.a.expect(200)
        self.b.respond(self.b.expect("BYE"), 200)
        self.assertEqual(self.record()["outcome"], "answered")

    def test_a_new_trunk_takes_calls_at_once(self):
        at = self.stage.at
        self.tandem("-f", "-", stdin=f"""set listener new interface lan port 5080 transport tcp
set peer d type itsp address {at(9)} port 5060 transport tcp options-interval 0
set trunk d listener new peer d media-realm m
set voice-route to-d pattern '^\\+33' pstn-usage First trunk d
commit
""")
        callee = self.stage.sipp(answers(), 9, transport="tcp")
        caller = self.stage.sipp(calls(), A, self.stage.inside, called="+33123456789")
        self.assertWent(caller, callee)
        self.assertEqual(self.record()["route"], "to-d")


class LiveCalls(CommandTest):
    def test_a_call_that_is_up_is_shown(self):
        call = self.call_up()
        shown = self.tandem("show", "call", call)
        for part in ("up", "a", "b", "to-b", OUT, "relay", self.a.address, self.b.address):
            self.assertIn(part, shown)
        ladder = self.tandem("show", "call", call, "ladder")
        for part in ("INVITE (SDP)", "180 INVITE", "200 INVITE (SDP)", "ACK", "tandem"):
            self.assertIn(part, ladder)
        self.assertEqual(len(self.stage.appliance.json("show", "media")["flows"]), 1)
        entries = self.stage.appliance.json("show", "call", call, "ladder")["entries"]
        self.assertEqual(entries[0]["method"], "INVITE")
        self.hang_up()

    def test_an_ended_call_keeps_its_ladder(self):
        call = self.call_up()
        self.hang_up()
        self.record()
        self.assertIn("answered", self.tandem("show", "call", call))
        self.assertIn("BYE", self.tandem("show", "call", call, "ladder"))
        self.assertIn(call, self.tandem("show", "calls", "history"))

    def test_the_operator_ends_a_call(self):
        call = self.call_up()
        self.tandem("request", "call", "clear", call)
        for end in (self.a, self.b):
            end.respond(end.expect("BYE"), 200)
        self.assertIn("operator", self.record()["reason"])
        self.assertIn(call, self.refused("request", "call", "clear", call))


class Prompt(CommandTest):
    def setUp(self):
        super().setUp()
        self.terminal = Terminal([str(BIN / "tandem"), "--runtime-dir", str(self.stage.appliance.folder / "run")])
        self.terminal.wait("tandem> $")

    def test_a_change_from_configure_to_exit(self):
        t = self.terminal
        self.assertIn("TRUNK", t.line("show trunks"))
        self.assertIn("configure", t.line("set trunk b max-calls 2"))
        t.line("configure", "tandem# $")
        t.line("set trunk b max-calls 2", "tandem# $")
        self.assertIn("+set trunk b max-calls 2", t.line("compare", "tandem# $"))
        t.line("commit check", "tandem# $")
        t.line("commit", "tandem# $")
        self.assertEqual(self.limit(), 2)
        self.assertIn("up", t.line("run show trunks", "tandem# $"))
        t.line("rollback 1", "tandem# $")
        t.line("commit", "tandem# $")
        self.assertEqual(self.limit(), 0)
        t.line("exit", "tandem> $")
        t.keys("exit\r")
        self.assertEqual(t.close(), 0)

    def limit(self):
        return next(trunk["maxCalls"] for trunk in self.stage.appliance.json("show", "trunks")["trunks"] if trunk["name"] == "b")

    def test_tab_completes_words_and_names(self):
        t = self.terminal
        t.keys("sho\ttru\t\r")
        self.assertIn("LISTENER", t.wait(r"REASON[\s\S]*tandem> $"))
        t.keys("show conf\ttrunk b\r")
        self.assertIn("peer b", t.wait(r"tandem> $"))
        t.line("configure", "tandem# $")
        t.keys("set trunk b listener o\t")
        t.wait("utside")
        t.keys("\r")
        t.wait("tandem# $")
        self.assertEqual(self.tandem("compare"), "No difference.\n")

    def test_a_question_mark_lists_what_may_follow(self):
        t = self.terminal
        t.keys("show ?")
        listed = t.wait("tandem> show $")
        for word in ("trunks", "media", "trunks with state and calls"):
            self.assertIn(word, listed)
        t.keys("trunks\r")
        t.wait("tandem> $")
        t.line("configure", "tandem# $")
        t.keys("set listener inside transport ?")
        listed = t.wait("tandem# set listener inside transport $")
        for word in ("udp", "tcp", "tls"):
            self.assertIn(word, listed)

    def test_a_question_mark_within_quotes_is_a_character(self):
        t = self.terminal
        t.line("configure", "tandem# $")
        t.line("set voice-route to-b pattern '^\\+?1\\d{10}$'", "tandem# $")
        self.assertIn("?1", t.line("compare", "tandem# $"))

    def test_an_error_leaves_the_prompt(self):
        self.assertIn("'nothing'", self.terminal.line("show nothing"))
        self.assertIn("TRUNK", self.terminal.line("show trunks"))

    def test_the_end_of_input_leaves(self):
        self.terminal.keys("\x04")
        self.assertEqual(self.terminal.close(), 0)


class Rights(CommandTest):
    def test_another_user_may_look_but_not_change(self):
        needed(self, os.geteuid() == 0, "only root can become another user")
        for folder in (self.stage.folder, self.stage.appliance.folder):
            folder.chmod(0o755)

        def other(*words):
            return subprocess.run(
                ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", str(BIN / "tandem"), "--runtime-dir",
                 str(self.stage.appliance.folder / "run"), *words], capture_output=True, text=True)

        looked = other("show", "trunks")
        self.assertEqual(looked.returncode, 0, looked.stderr)
        self.assertIn("TRUNK", looked.stdout)
        for words in (("set", "trunk", "b", "max-calls", "1"), ("commit",), ("rollback", "0"), ("discard",), ("request", "call", "clear", "1")):
            with self.subTest(words):
                done = other(*words)
                self.assertEqual(done.returncode, 1)
                self.assertIn("group tandem", done.stderr)
        self.assertEqual(self.tandem("compare"), "No difference.\n")


if __name__ == "__main__":
    unittest.main()
