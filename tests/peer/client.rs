//! wsee listens to others' clients.

use rustix::process::Signal;

use super::{DEADLINE, LIBRARIES};
use crate::listen::listening_for;

/// What wsee lets clients agree to, and its answer to them.
const PARAMETERS: [(&[&str], &str); 2] = [
    (&[], "permessage-deflate"),
    (
        &[
            "--compress",
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        ],
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    ),
];

#[test]
#[ignore = "needs Python's websockets and npm's ws"]
fn clients_find_an_echo_and_orderly_ends() {
    for (args, agreed) in PARAMETERS {
        for library in LIBRARIES {
            let server = listening_for(DEADLINE, args);
            let port = server.port.to_string();
            let client = library.script("client", &[&port]).spawn();
            client.wait_for_stdout("waiting for a close\n");
            let log = server.stop(Signal::TERM).exits(143);
            client.wait().exits(0).prints(
                "all messages came back\nfragments came back whole\na pong came\n\
                 10000 messages came back in order\nclosed 4321\nwaiting for a close\nclosed 1001\n",
            );
            log.says(&format!("> Sec-WebSocket-Extensions: {agreed}"))
                .says("@1 * closed by client: 4321 private use \"enough\" after ")
                .says("← ping 14 B \"are you there?\"   (pong sent)\n");
        }
    }
}
