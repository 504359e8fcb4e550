import Testing

@testable import TLS

/// Certificates made for a test by the `openssl` command, in a folder that goes with it.
struct Authority {
  struct Files {
    var chain: [UInt8]
    var key: [UInt8]
  }
  let folder: String
  let root: [UInt8]

  init(_ name: String = "Test CA") throws {
    folder = try Shell.run("mktemp -d /tmp/tandem-tls-XXXXXX").trimmed
    _ = try Shell.run(
      "cd \(folder) && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 30 -subj '/CN=\(name)' 2>&1")
    root = try Shell.bytes("\(folder)/ca.pem")
  }

  /// `extensions`: lines of an OpenSSL extension section. `days`: from now; negative has expired already. `notBefore`: `YYYYMMDDHHMMSSZ`.
  func issue(
    _ name: String = "leaf", _ extensions: String, days: Int = 20, key: String = "ec -pkeyopt ec_paramgen_curve:P-256", selfSigned: Bool = false,
    notBefore: String? = nil, subject: String = "/CN=somebody"
  ) throws -> Files {
    let config = extensions.isEmpty ? "subjectKeyIdentifier=hash" : extensions
    let sign =
      selfSigned
      ? "openssl x509 -req -in \(name).csr -signkey \(name).key -out \(name).pem -days \(days) -extfile \(name).ext"
      : notBefore.map {
        "touch index.txt && printf '[ca]\\ndefault_ca=d\\n[d]\\ndatabase=index.txt\\nnew_certs_dir=.\\nrand_serial=yes\\ndefault_md=sha256\\npolicy=p\\n[p]\\ncommonName=supplied\\n' > ca.conf"
          + " && openssl ca -batch -config ca.conf -in \(name).csr -cert ca.pem -keyfile ca.key -startdate \($0) -enddate 20991231235959Z -out \(name).pem -notext -extfile \(name).ext"
      } ?? "openssl x509 -req -in \(name).csr -CA ca.pem -CAkey ca.key -CAcreateserial -out \(name).pem -days \(days) -extfile \(name).ext"
    _ = try Shell.run(
      "cd \(folder) && printf '%b' '\(config)\\n' > \(name).ext && openssl req -newkey \(key) -nodes -keyout \(name).key -out \(name).csr -subj '\(subject)' 2>&1 && \(sign) 2>&1"
    )
    return Files(chain: try Shell.bytes("\(folder)/\(name).pem"), key: try Shell.bytes("\(folder)/\(name).key"))
  }

  func remove() { _ = try? Shell.run("rm -rf \(folder)") }
}
