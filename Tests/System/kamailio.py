"""Kamailio as a provider's edge: it challenges INVITE and BYE, and passes what has proved itself on to the callee behind it."""
import pathlib
import shutil
import subprocess

MODULES = "/usr/lib/x86_64-linux-gnu/kamailio/modules/"
REALM = "provider.example"

CONFIGURATION = """#!KAMAILIO
debug=1
log_stderror=yes
fork=yes
children=1
disable_tcp=yes
auto_aliases=no
dns=off
rev_dns=off
listen=udp:{address}:5060
mpath="{modules}"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "xlog.so"
loadmodule "auth.so"
modparam("auth", "nonce_expire", {lifetime})
modparam("auth", "nonce_count", 1)
modparam("auth", "qop", "auth")
modparam("auth", "algorithm", "{algorithm}")
request_route {{
	if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
	if (is_method("ACK")) {{
		xlog("L_ERR", "SAW ACK $(hdr(Proxy-Authorization){{s.len}})\\n");
		remove_hf("Proxy-Authorization");
		if (loose_route()) t_relay(); else t_check_trans();
		exit;
	}}
	if (is_method("INVITE|BYE")) {{
		if (!pv_proxy_authenticate("{realm}", "{password}", "0")) {{
			xlog("L_ERR", "SAW $rm without proof\\n");
			proxy_challenge("{realm}", "1");
			exit;
		}}
		xlog("L_ERR", "SAW $rm of $au\\n");
		consume_credentials();
	}}
	if (has_totag()) {{ if (loose_route()) t_relay(); else sl_send_reply("404", "Not here"); exit; }}
	record_route();
	$rd = "{callee}";
	$rp = 5060;
	t_relay();
}}
"""


def is_installed():
    return shutil.which("kamailio", path="/usr/sbin:/usr/bin") is not None and pathlib.Path(MODULES + "auth.so").exists()


class Kamailio:
    def __init__(self, folder, address, callee, password, algorithm="", lifetime=300, prefix=()):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / "kamailio.cfg"
        file.write_text(CONFIGURATION.format(
            address=address, modules=MODULES, lifetime=lifetime, algorithm=algorithm, realm=REALM, password=password, callee=callee))
        self.log = open(self.folder / "kamailio.log", "wb")
        self.process = subprocess.Popen(
            [*prefix, "/usr/sbin/kamailio", "-f", str(file), "-DD", "-m", "16", "-M", "4", "-Y", str(self.folder), "-P", str(self.folder / "pid")],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT)
        self.scenario = "kamailio"

    def output(self):
        return (self.folder / "kamailio.log").read_text(errors="replace")

    def seen(self):
        """What it saw, in order: `INVITE without proof`, `INVITE of tandem`, `ACK 230`."""
        return [line.split("SAW ", 1)[1].strip() for line in self.output().splitlines() if "SAW " in line]

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
