# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_wsee_global_optspecs
    string join \n H/header= o/origin= s/subprotocol= require-subprotocol compress= no-compress lenient b/cookie= A/user-agent= u/user= bearer= bearer-env= netrc netrc-file= cookie-jar= L/location location-trusted max-redirs= k/insecure cacert= roots= pinnedpubkey= E/cert= key= pass= tls-min= tls-max= sni= x/proxy= U/proxy-user= noproxy= proxy-header= proxy-cacert= proxy-insecure resolve= connect-to= unix-socket= 4/ipv4 6/ipv6 interface= keepalive-time= tcp-user-timeout= connect-timeout= idle-timeout= close-timeout= ping-interval= ping-timeout= max-message= fragment= no-auto-pong m/max-time= close-code= close-reason= send= wait= n/count= 1 binary hex base64 split= commands echo no-repl jsonl raw 0/null jq= r/raw-output jq-strict reconnect= every= record= force w/write-out= timing v/verbose q/quiet color= show-secrets timestamps= decode= no-config debug no-history h/help V/version
end

function __fish_wsee_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_wsee_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_wsee_using_subcommand
    set -l cmd (__fish_wsee_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c wsee -n "__fish_wsee_needs_command" -s H -l header -d 'Send a header field; \'Name:\' removes a default, @FILE reads many' -r
complete -c wsee -n "__fish_wsee_needs_command" -s o -l origin -d 'Send an Origin field, as browsers do' -r
complete -c wsee -n "__fish_wsee_needs_command" -s s -l subprotocol -d 'Offer subprotocols in order of preference; repeat, or use a comma list' -r
complete -c wsee -n "__fish_wsee_needs_command" -l compress -d 'Offer permessage-deflate with these parameters (RFC 7692)' -r
complete -c wsee -n "__fish_wsee_needs_command" -s b -l cookie -d 'Send cookies, as NAME=VALUE or from @FILE; repeatable' -r
complete -c wsee -n "__fish_wsee_needs_command" -s A -l user-agent -d 'Send this User-Agent instead of wsee/VERSION' -r
complete -c wsee -n "__fish_wsee_needs_command" -s u -l user -d 'Log in with HTTP Basic authentication' -r
complete -c wsee -n "__fish_wsee_needs_command" -l bearer -d 'Log in with a bearer token; @FILE reads it from a file' -r -F
complete -c wsee -n "__fish_wsee_needs_command" -l bearer-env -d 'Log in with the bearer token in the environment variable NAME' -r
complete -c wsee -n "__fish_wsee_needs_command" -l netrc-file -d 'Log in with the credentials in FILE instead of ~/.netrc' -r -F
complete -c wsee -n "__fish_wsee_needs_command" -l cookie-jar -d 'Write the cookies that the server sets to FILE' -r -F
complete -c wsee -n "__fish_wsee_needs_command" -l max-redirs -d 'Follow at most N redirects' -r
complete -c wsee -n "__fish_wsee_needs_command" -l cacert -d 'Also trust the CA certificates in FILE (PEM)' -r -F
complete -c wsee -n "__fish_wsee_needs_command" -l roots -d 'Trust Mozilla\'s roots (webpki), the system\'s (native), or both' -r -f -a "webpki\t'Mozilla\'s, compiled in'
native\t'The system\'s'
both\t'Mozilla\'s and the system\'s'"
complete -c wsee -n "__fish_wsee_needs_command" -l pinnedpubkey -d 'Connect only if the server has this public key' -r
complete -c wsee -n "__fish_wsee_needs_command" -s E -l cert -d 'Present this client certificate if the server asks for one' -r -F
complete -c wsee -n "__fish_wsee_needs_command" -l key -d 'The private key of --cert, if it is in a separate file' -r -F
complete -c wsee -n "__fish_wsee_needs_command" -l pass -d 'Where to get the password of --cert or --key: env:NAME, file:PATH or prompt' -r
complete -c wsee -n "__fish_wsee_needs_command" -l tls-min -d 'The lowest TLS version to offer: 1.2 or 1.3' -r -f -a "1.2\t'TLS 1.2'
1.3\t'TLS 1.3'"
complete -c wsee -n "__fish_wsee_needs_command" -l tls-max -d 'The highest TLS version to offer: 1.2 or 1.3' -r -f -a "1.2\t'TLS 1.2'
1.3\t'TLS 1.3'"
complete -c wsee -n "__fish_wsee_needs_command" -l sni -d 'Expect a certificate for NAME instead of the URL\'s host' -r
complete -c wsee -n "__fish_wsee_needs_command" -s x -l proxy -d 'Connect through this proxy: [SCHEME://][USER:PASS@]HOST[:PORT]' -r
complete -c wsee -n "__fish_wsee_needs_command" -s U -l proxy-user -d 'Log in to the proxy' -r
complete -c wsee -n "__fish_wsee_needs_command" -l noproxy -d 'Do not use a proxy for these hosts' -r
complete -c wsee -n "__fish_wsee_needs_command" -l proxy-header -d 'Send a header field to an HTTP proxy, with CONNECT' -r
complete -c wsee -n "__fish_wsee_needs_command" -l proxy-cacert -d 'Trust the CA certificates in FILE (PEM) for an https proxy' -r -F
complete -c wsee -n "__fish_wsee_needs_command" -l resolve -d 'Use these addresses for a host and port: HOST:PORT:ADDR[,ADDR]…' -r
complete -c wsee -n "__fish_wsee_needs_command" -l connect-to -d 'Connect to another host and port: HOST1:PORT1:HOST2:PORT2' -r
complete -c wsee -n "__fish_wsee_needs_command" -l unix-socket -d 'Connect to a Unix socket instead of the URL\'s host' -r -F
complete -c wsee -n "__fish_wsee_needs_command" -l interface -d 'Connect through this network interface, or from this local address' -r
complete -c wsee -n "__fish_wsee_needs_command" -l keepalive-time -d 'Send TCP keepalive probes after TIME of silence; 0 is off' -r
complete -c wsee -n "__fish_wsee_needs_command" -l tcp-user-timeout -d 'Give up when sent bytes are not acknowledged for TIME (TCP_USER_TIMEOUT)' -r
complete -c wsee -n "__fish_wsee_needs_command" -l connect-timeout -d 'Time limit for the opening, from DNS to the 101 response' -r
complete -c wsee -n "__fish_wsee_needs_command" -l idle-timeout -d 'Give up when nothing arrives from the peer for TIME' -r
complete -c wsee -n "__fish_wsee_needs_command" -l close-timeout -d 'Time for the peer to answer a Close frame' -r
complete -c wsee -n "__fish_wsee_needs_command" -l ping-interval -d 'Send a ping every TIME; 0 is off' -r
complete -c wsee -n "__fish_wsee_needs_command" -l ping-timeout -d 'Time for the peer to answer a ping; 0 is off' -r
complete -c wsee -n "__fish_wsee_needs_command" -l max-message -d 'Largest message to accept' -r
complete -c wsee -n "__fish_wsee_needs_command" -l fragment -d 'Send messages in frames of at most SIZE bytes' -r
complete -c wsee -n "__fish_wsee_needs_command" -s m -l max-time -d 'Time limit for the whole run' -r
complete -c wsee -n "__fish_wsee_needs_command" -l close-code -d 'Status code of the Close frame that ends the run' -r
complete -c wsee -n "__fish_wsee_needs_command" -l close-reason -d 'Reason in the Close frame that ends the run' -r
complete -c wsee -n "__fish_wsee_needs_command" -l send -d 'Send a message first; @FILE sends the content of a file' -r
complete -c wsee -n "__fish_wsee_needs_command" -l wait -d 'After stdin ends, wait until no message arrives for TIME' -r
complete -c wsee -n "__fish_wsee_needs_command" -s n -l count -d 'Exit 0 as soon as N messages have arrived (-1 for one)' -r
complete -c wsee -n "__fish_wsee_needs_command" -l split -d 'How to split stdin into messages: line, nul, none, json, events or SIZE' -r
complete -c wsee -n "__fish_wsee_needs_command" -l jq -d 'Print the output of the jq filter FILTER for each received message' -r
complete -c wsee -n "__fish_wsee_needs_command" -l reconnect -d 'Reconnect when the connection is lost; N attempts in a row may fail' -r
complete -c wsee -n "__fish_wsee_needs_command" -l every -d 'Send a message every TIME, starting now; @FILE sends a file\'s content' -r
complete -c wsee -n "__fish_wsee_needs_command" -l record -d 'Record the session in FILE, in the format of its name: .jsonl, .har or .wsee' -r -F
complete -c wsee -n "__fish_wsee_needs_command" -s w -l write-out -d 'Print FORMAT on stdout after the run, even if it failed' -r
complete -c wsee -n "__fish_wsee_needs_command" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c wsee -n "__fish_wsee_needs_command" -l timestamps -d 'The time shown before each event: none, time, iso, rel or delta' -r -f -a "none\t''
time\t''
iso\t''
rel\t''
delta\t''"
complete -c wsee -n "__fish_wsee_needs_command" -l decode -d 'How binary messages are shown: auto, msgpack, cbor, protobuf or hex' -r -f -a "auto\t''
msgpack\t''
cbor\t''
protobuf\t''
hex\t''"
complete -c wsee -n "__fish_wsee_needs_command" -l require-subprotocol -d 'Fail if the server selects none of the offered subprotocols'
complete -c wsee -n "__fish_wsee_needs_command" -l no-compress -d 'Do not offer compression'
complete -c wsee -n "__fish_wsee_needs_command" -l lenient -d 'Tolerate a server that breaks a rule, with a warning'
complete -c wsee -n "__fish_wsee_needs_command" -l netrc -d 'Log in with the credentials in ~/.netrc'
complete -c wsee -n "__fish_wsee_needs_command" -s L -l location -d 'Follow redirects (status 301, 302, 303, 307, 308)'
complete -c wsee -n "__fish_wsee_needs_command" -l location-trusted -d 'Follow redirects, and send credentials to every server'
complete -c wsee -n "__fish_wsee_needs_command" -s k -l insecure -d 'Accept any server certificate'
complete -c wsee -n "__fish_wsee_needs_command" -l proxy-insecure -d 'Accept any certificate of an https proxy'
complete -c wsee -n "__fish_wsee_needs_command" -s 4 -l ipv4 -d 'Connect to IPv4 addresses only'
complete -c wsee -n "__fish_wsee_needs_command" -s 6 -l ipv6 -d 'Connect to IPv6 addresses only'
complete -c wsee -n "__fish_wsee_needs_command" -l no-auto-pong -d 'Do not answer pings'
complete -c wsee -n "__fish_wsee_needs_command" -s 1 -d 'Exit 0 as soon as one message has arrived'
complete -c wsee -n "__fish_wsee_needs_command" -l binary -d 'Send stdin as binary messages, and print the raw bytes received'
complete -c wsee -n "__fish_wsee_needs_command" -l hex -d 'Read lines of hexadecimal digits, and send them as binary messages'
complete -c wsee -n "__fish_wsee_needs_command" -l base64 -d 'Read lines of base64, and send them as binary messages'
complete -c wsee -n "__fish_wsee_needs_command" -l commands -d 'Accept prompt commands such as /ping or /frame in lines of stdin'
complete -c wsee -n "__fish_wsee_needs_command" -l echo -d 'Answer every message with itself; stdin is not read'
complete -c wsee -n "__fish_wsee_needs_command" -l no-repl -d 'Act as a pipe even on a terminal'
complete -c wsee -n "__fish_wsee_needs_command" -l jsonl -d 'Print events as JSON Lines on stdout instead of payload'
complete -c wsee -n "__fish_wsee_needs_command" -l raw -d 'Print received payload as it is, with no newline or NUL after it'
complete -c wsee -n "__fish_wsee_needs_command" -s 0 -l null -d 'End messages with NUL instead of a newline, on stdout and stdin'
complete -c wsee -n "__fish_wsee_needs_command" -s r -l raw-output -d 'With --jq, print strings without quotes'
complete -c wsee -n "__fish_wsee_needs_command" -l jq-strict -d 'With --jq, skip messages that are not JSON'
complete -c wsee -n "__fish_wsee_needs_command" -l force -d 'Overwrite the FILE of --record'
complete -c wsee -n "__fish_wsee_needs_command" -l timing -d 'Draw how long DNS, TCP, TLS, the upgrade and the first message took'
complete -c wsee -n "__fish_wsee_needs_command" -s v -l verbose -d 'Show the handshake, pings, pongs and closes; -vv shows every frame'
complete -c wsee -n "__fish_wsee_needs_command" -s q -l quiet -d 'Print only errors on stderr'
complete -c wsee -n "__fish_wsee_needs_command" -l show-secrets -d 'Print passwords, tokens and cookies instead of ***'
complete -c wsee -n "__fish_wsee_needs_command" -l no-config -d 'Do not read the configuration file'
complete -c wsee -n "__fish_wsee_needs_command" -l debug -d 'Print every option and its source before anything is done'
complete -c wsee -n "__fish_wsee_needs_command" -l no-history -d 'Do not save the prompt\'s history'
complete -c wsee -n "__fish_wsee_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wsee -n "__fish_wsee_needs_command" -s V -l version -d 'Print version'
complete -c wsee -n "__fish_wsee_needs_command" -a "demo" -d 'Try wsee on a built-in echo server; needs no network'
complete -c wsee -n "__fish_wsee_needs_command" -a "curl" -d 'Connect as a pasted curl command would; for "Copy as cURL" in a browser'
complete -c wsee -n "__fish_wsee_needs_command" -a "listen" -d 'Run a WebSocket server to debug clients with; it echoes'
complete -c wsee -n "__fish_wsee_needs_command" -a "test" -d 'Test a server: steps on the command line, or scenario files'
complete -c wsee -n "__fish_wsee_needs_command" -a "replay" -d 'Send again what the client of a recording sent'
complete -c wsee -n "__fish_wsee_needs_command" -a "fmt" -d 'Rewrite scenario files in their canonical form'
complete -c wsee -n "__fish_wsee_needs_command" -a "completions" -d 'Print the completion script for a shell'
complete -c wsee -n "__fish_wsee_needs_command" -a "man" -d 'Print the manual page of wsee or of one command'
complete -c wsee -n "__fish_wsee_using_subcommand demo" -s H -l header -d 'Send a header field; \'Name:\' removes a default, @FILE reads many' -r
complete -c wsee -n "__fish_wsee_using_subcommand demo" -s o -l origin -d 'Send an Origin field, as browsers do' -r
complete -c wsee -n "__fish_wsee_using_subcommand demo" -s s -l subprotocol -d 'Offer subprotocols in order of preference; repeat, or use a comma list' -r
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l compress -d 'Offer permessage-deflate with these parameters (RFC 7692)' -r
complete -c wsee -n "__fish_wsee_using_subcommand demo" -s b -l cookie -d 'Send cookies, as NAME=VALUE or from @FILE; repeatable' -r
complete -c wsee -n "__fish_wsee_using_subcommand demo" -s A -l user-agent -d 'Send this User-Agent instead of wsee/VERSION' -r
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l connect-timeout -d 'Time limit for the opening, from DNS to the 101 response' -r
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l idle-timeout -d 'Give up when nothing arrives from the peer for TIME' -r
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l close-timeout -d 'Time for the peer to answer a Close frame' -r
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l ping-interval -d 'Send a ping every TIME; 0 is off' -r
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l ping-timeout -d 'Time for the peer to answer a ping; 0 is off' -r
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l max-message -d 'Largest message to accept' -r
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l fragment -d 'Send messages in frames of at most SIZE bytes' -r
complete -c wsee -n "__fish_wsee_using_subcommand demo" -s m -l max-time -d 'Time limit for the whole run' -r
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l close-code -d 'Status code of the Close frame that ends the run' -r
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l close-reason -d 'Reason in the Close frame that ends the run' -r
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l send -d 'Send a message first; @FILE sends the content of a file' -r
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l wait -d 'After stdin ends, wait until no message arrives for TIME' -r
complete -c wsee -n "__fish_wsee_using_subcommand demo" -s n -l count -d 'Exit 0 as soon as N messages have arrived (-1 for one)' -r
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l split -d 'How to split stdin into messages: line, nul, none, json, events or SIZE' -r
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l jq -d 'Print the output of the jq filter FILTER for each received message' -r
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l reconnect -d 'Reconnect when the connection is lost; N attempts in a row may fail' -r
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l every -d 'Send a message every TIME, starting now; @FILE sends a file\'s content' -r
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l record -d 'Record the session in FILE, in the format of its name: .jsonl, .har or .wsee' -r -F
complete -c wsee -n "__fish_wsee_using_subcommand demo" -s w -l write-out -d 'Print FORMAT on stdout after the run, even if it failed' -r
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l timestamps -d 'The time shown before each event: none, time, iso, rel or delta' -r -f -a "none\t''
time\t''
iso\t''
rel\t''
delta\t''"
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l decode -d 'How binary messages are shown: auto, msgpack, cbor, protobuf or hex' -r -f -a "auto\t''
msgpack\t''
cbor\t''
protobuf\t''
hex\t''"
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l require-subprotocol -d 'Fail if the server selects none of the offered subprotocols'
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l no-compress -d 'Do not offer compression'
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l lenient -d 'Tolerate a server that breaks a rule, with a warning'
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l no-auto-pong -d 'Do not answer pings'
complete -c wsee -n "__fish_wsee_using_subcommand demo" -s 1 -d 'Exit 0 as soon as one message has arrived'
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l binary -d 'Send stdin as binary messages, and print the raw bytes received'
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l hex -d 'Read lines of hexadecimal digits, and send them as binary messages'
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l base64 -d 'Read lines of base64, and send them as binary messages'
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l commands -d 'Accept prompt commands such as /ping or /frame in lines of stdin'
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l echo -d 'Answer every message with itself; stdin is not read'
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l no-repl -d 'Act as a pipe even on a terminal'
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l jsonl -d 'Print events as JSON Lines on stdout instead of payload'
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l raw -d 'Print received payload as it is, with no newline or NUL after it'
complete -c wsee -n "__fish_wsee_using_subcommand demo" -s 0 -l null -d 'End messages with NUL instead of a newline, on stdout and stdin'
complete -c wsee -n "__fish_wsee_using_subcommand demo" -s r -l raw-output -d 'With --jq, print strings without quotes'
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l jq-strict -d 'With --jq, skip messages that are not JSON'
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l force -d 'Overwrite the FILE of --record'
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l timing -d 'Draw how long DNS, TCP, TLS, the upgrade and the first message took'
complete -c wsee -n "__fish_wsee_using_subcommand demo" -s v -l verbose -d 'Show the handshake, pings, pongs and closes; -vv shows every frame'
complete -c wsee -n "__fish_wsee_using_subcommand demo" -s q -l quiet -d 'Print only errors on stderr'
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l show-secrets -d 'Print passwords, tokens and cookies instead of ***'
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l no-config -d 'Do not read the configuration file'
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l debug -d 'Print every option and its source before anything is done'
complete -c wsee -n "__fish_wsee_using_subcommand demo" -l no-history -d 'Do not save the prompt\'s history'
complete -c wsee -n "__fish_wsee_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wsee -n "__fish_wsee_using_subcommand curl" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wsee -n "__fish_wsee_using_subcommand listen" -l replay -d 'Play the server of a recording (.jsonl or .har) instead of echoing' -r -F
complete -c wsee -n "__fish_wsee_using_subcommand listen" -l speed -d 'With --replay, play N times as fast (10x, 0.5x), or without waiting (max)' -r
complete -c wsee -n "__fish_wsee_using_subcommand listen" -l entry -d 'With --replay, which connection to play: its number, or part of its URL' -r
complete -c wsee -n "__fish_wsee_using_subcommand listen" -s s -l subprotocol -d 'Accept subprotocols in order of preference; repeat, or use a comma list' -r
complete -c wsee -n "__fish_wsee_using_subcommand listen" -l compress -d 'Set the parameters of permessage-deflate (RFC 7692)' -r
complete -c wsee -n "__fish_wsee_using_subcommand listen" -l origin -d 'Accept only requests with this Origin; repeatable' -r
complete -c wsee -n "__fish_wsee_using_subcommand listen" -l cert -d 'Serve wss:// with this certificate chain (PEM)' -r -F
complete -c wsee -n "__fish_wsee_using_subcommand listen" -l key -d 'The private key of --cert (PEM)' -r -F
complete -c wsee -n "__fish_wsee_using_subcommand listen" -l client-ca -d 'Require a client certificate signed by a CA in FILE (PEM)' -r -F
complete -c wsee -n "__fish_wsee_using_subcommand listen" -l idle-timeout -d 'Give up when nothing arrives from the peer for TIME' -r
complete -c wsee -n "__fish_wsee_using_subcommand listen" -l close-timeout -d 'Time for the peer to answer a Close frame' -r
complete -c wsee -n "__fish_wsee_using_subcommand listen" -l ping-interval -d 'Send a ping every TIME; 0 is off' -r
complete -c wsee -n "__fish_wsee_using_subcommand listen" -l ping-timeout -d 'Time for the peer to answer a ping; 0 is off' -r
complete -c wsee -n "__fish_wsee_using_subcommand listen" -l max-message -d 'Largest message to accept' -r
complete -c wsee -n "__fish_wsee_using_subcommand listen" -l fragment -d 'Send messages in frames of at most SIZE bytes' -r
complete -c wsee -n "__fish_wsee_using_subcommand listen" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c wsee -n "__fish_wsee_using_subcommand listen" -l timestamps -d 'The time shown before each event: none, time, iso, rel or delta' -r -f -a "none\t''
time\t''
iso\t''
rel\t''
delta\t''"
complete -c wsee -n "__fish_wsee_using_subcommand listen" -l decode -d 'How binary messages are shown: auto, msgpack, cbor, protobuf or hex' -r -f -a "auto\t''
msgpack\t''
cbor\t''
protobuf\t''
hex\t''"
complete -c wsee -n "__fish_wsee_using_subcommand listen" -l no-compress -d 'Do not agree to compression'
complete -c wsee -n "__fish_wsee_using_subcommand listen" -l tls -d 'Serve wss:// with a certificate generated for this run'
complete -c wsee -n "__fish_wsee_using_subcommand listen" -l no-auto-pong -d 'Do not answer pings'
complete -c wsee -n "__fish_wsee_using_subcommand listen" -s v -l verbose -d 'Show the handshake, pings, pongs and closes; -vv shows every frame'
complete -c wsee -n "__fish_wsee_using_subcommand listen" -s q -l quiet -d 'Print only errors on stderr'
complete -c wsee -n "__fish_wsee_using_subcommand listen" -l show-secrets -d 'Print passwords, tokens and cookies instead of ***'
complete -c wsee -n "__fish_wsee_using_subcommand listen" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wsee -n "__fish_wsee_using_subcommand test" -l send -d 'Send a text message; @FILE sends a file\'s content' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l send-hex -d 'Send a binary message' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l ping -d 'Send a ping and wait for its pong' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l expect -d 'Wait for a text message equal to TEXT' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l expect-json -d 'Wait for JSON that contains these values' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l expect-re -d 'Wait for a message that the regular expression matches' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l expect-jq -d 'Wait for JSON for which the jq filter is true' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l expect-hex -d 'Wait for a binary message with these bytes' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l expect-next -d 'Expect TEXT as the very next message' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l expect-next-json -d 'Expect JSON with these values as the very next message' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l expect-next-re -d 'Expect the regular expression to match the very next message' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l expect-next-jq -d 'Expect the jq filter to be true for the very next message' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l expect-next-hex -d 'Expect these bytes as the very next message' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l expect-none -d 'Expect no message for TIME' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l expect-close -d 'Wait for the server to close, with one of these codes' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l expect-status -d 'Expect status N in response to the upgrade' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l expect-subprotocol -d 'Expect the server to select this subprotocol' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l expect-header -d 'Expect this field in the response: \'Name: value\'' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l timeout -d 'Time limit for an expectation' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -s m -l max-time -d 'Time limit for each case; 0 is no limit' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l retry -d 'Retry up to N times while the server is not up yet' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l retry-delay -d 'Delay before each retry' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -s j -l jobs -d 'Run up to N files at the same time' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l filter -d 'Run only cases whose name contains TEXT' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l var -d 'Set the variable {{NAME}}; repeatable' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l var-file -d 'Read variables from FILE, one NAME=VALUE per line' -r -F
complete -c wsee -n "__fish_wsee_using_subcommand test" -l allow-env -d 'Let scenarios read NAME from the environment, as {{env.NAME}}' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l report-junit -d 'Write a JUnit report to FILE; - is stdout' -r -F
complete -c wsee -n "__fish_wsee_using_subcommand test" -l report-tap -d 'Write a TAP 14 report to FILE; - is stdout' -r -F
complete -c wsee -n "__fish_wsee_using_subcommand test" -l report-json -d 'Write a JSON report to FILE; - is stdout' -r -F
complete -c wsee -n "__fish_wsee_using_subcommand test" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c wsee -n "__fish_wsee_using_subcommand test" -l timestamps -d 'The time shown before each event: none, time, iso, rel or delta' -r -f -a "none\t''
time\t''
iso\t''
rel\t''
delta\t''"
complete -c wsee -n "__fish_wsee_using_subcommand test" -l decode -d 'How binary messages are shown: auto, msgpack, cbor, protobuf or hex' -r -f -a "auto\t''
msgpack\t''
cbor\t''
protobuf\t''
hex\t''"
complete -c wsee -n "__fish_wsee_using_subcommand test" -s H -l header -d 'Send a header field; \'Name:\' removes a default, @FILE reads many' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -s o -l origin -d 'Send an Origin field, as browsers do' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -s s -l subprotocol -d 'Offer subprotocols in order of preference; repeat, or use a comma list' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l compress -d 'Offer permessage-deflate with these parameters (RFC 7692)' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -s b -l cookie -d 'Send cookies, as NAME=VALUE or from @FILE; repeatable' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -s A -l user-agent -d 'Send this User-Agent instead of wsee/VERSION' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -s u -l user -d 'Log in with HTTP Basic authentication' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l bearer -d 'Log in with a bearer token; @FILE reads it from a file' -r -F
complete -c wsee -n "__fish_wsee_using_subcommand test" -l bearer-env -d 'Log in with the bearer token in the environment variable NAME' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l netrc-file -d 'Log in with the credentials in FILE instead of ~/.netrc' -r -F
complete -c wsee -n "__fish_wsee_using_subcommand test" -l cookie-jar -d 'Write the cookies that the server sets to FILE' -r -F
complete -c wsee -n "__fish_wsee_using_subcommand test" -l max-redirs -d 'Follow at most N redirects' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l cacert -d 'Also trust the CA certificates in FILE (PEM)' -r -F
complete -c wsee -n "__fish_wsee_using_subcommand test" -l roots -d 'Trust Mozilla\'s roots (webpki), the system\'s (native), or both' -r -f -a "webpki\t'Mozilla\'s, compiled in'
native\t'The system\'s'
both\t'Mozilla\'s and the system\'s'"
complete -c wsee -n "__fish_wsee_using_subcommand test" -l pinnedpubkey -d 'Connect only if the server has this public key' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -s E -l cert -d 'Present this client certificate if the server asks for one' -r -F
complete -c wsee -n "__fish_wsee_using_subcommand test" -l key -d 'The private key of --cert, if it is in a separate file' -r -F
complete -c wsee -n "__fish_wsee_using_subcommand test" -l pass -d 'Where to get the password of --cert or --key: env:NAME, file:PATH or prompt' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l tls-min -d 'The lowest TLS version to offer: 1.2 or 1.3' -r -f -a "1.2\t'TLS 1.2'
1.3\t'TLS 1.3'"
complete -c wsee -n "__fish_wsee_using_subcommand test" -l tls-max -d 'The highest TLS version to offer: 1.2 or 1.3' -r -f -a "1.2\t'TLS 1.2'
1.3\t'TLS 1.3'"
complete -c wsee -n "__fish_wsee_using_subcommand test" -l sni -d 'Expect a certificate for NAME instead of the URL\'s host' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -s x -l proxy -d 'Connect through this proxy: [SCHEME://][USER:PASS@]HOST[:PORT]' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -s U -l proxy-user -d 'Log in to the proxy' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l noproxy -d 'Do not use a proxy for these hosts' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l proxy-header -d 'Send a header field to an HTTP proxy, with CONNECT' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l proxy-cacert -d 'Trust the CA certificates in FILE (PEM) for an https proxy' -r -F
complete -c wsee -n "__fish_wsee_using_subcommand test" -l resolve -d 'Use these addresses for a host and port: HOST:PORT:ADDR[,ADDR]…' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l connect-to -d 'Connect to another host and port: HOST1:PORT1:HOST2:PORT2' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l unix-socket -d 'Connect to a Unix socket instead of the URL\'s host' -r -F
complete -c wsee -n "__fish_wsee_using_subcommand test" -l interface -d 'Connect through this network interface, or from this local address' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l keepalive-time -d 'Send TCP keepalive probes after TIME of silence; 0 is off' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l tcp-user-timeout -d 'Give up when sent bytes are not acknowledged for TIME (TCP_USER_TIMEOUT)' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l connect-timeout -d 'Time limit for the opening, from DNS to the 101 response' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l idle-timeout -d 'Give up when nothing arrives from the peer for TIME' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l close-timeout -d 'Time for the peer to answer a Close frame' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l ping-interval -d 'Send a ping every TIME; 0 is off' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l ping-timeout -d 'Time for the peer to answer a ping; 0 is off' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l max-message -d 'Largest message to accept' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l fragment -d 'Send messages in frames of at most SIZE bytes' -r
complete -c wsee -n "__fish_wsee_using_subcommand test" -l fail-fast -d 'Start no further case after a failure'
complete -c wsee -n "__fish_wsee_using_subcommand test" -l check -d 'Only check the scenarios for mistakes'
complete -c wsee -n "__fish_wsee_using_subcommand test" -s v -l verbose -d 'Show the handshake, pings, pongs and closes; -vv shows every frame'
complete -c wsee -n "__fish_wsee_using_subcommand test" -s q -l quiet -d 'Print only errors on stderr'
complete -c wsee -n "__fish_wsee_using_subcommand test" -l show-secrets -d 'Print passwords, tokens and cookies instead of ***'
complete -c wsee -n "__fish_wsee_using_subcommand test" -l require-subprotocol -d 'Fail if the server selects none of the offered subprotocols'
complete -c wsee -n "__fish_wsee_using_subcommand test" -l no-compress -d 'Do not offer compression'
complete -c wsee -n "__fish_wsee_using_subcommand test" -l lenient -d 'Tolerate a server that breaks a rule, with a warning'
complete -c wsee -n "__fish_wsee_using_subcommand test" -l netrc -d 'Log in with the credentials in ~/.netrc'
complete -c wsee -n "__fish_wsee_using_subcommand test" -s L -l location -d 'Follow redirects (status 301, 302, 303, 307, 308)'
complete -c wsee -n "__fish_wsee_using_subcommand test" -l location-trusted -d 'Follow redirects, and send credentials to every server'
complete -c wsee -n "__fish_wsee_using_subcommand test" -s k -l insecure -d 'Accept any server certificate'
complete -c wsee -n "__fish_wsee_using_subcommand test" -l proxy-insecure -d 'Accept any certificate of an https proxy'
complete -c wsee -n "__fish_wsee_using_subcommand test" -s 4 -l ipv4 -d 'Connect to IPv4 addresses only'
complete -c wsee -n "__fish_wsee_using_subcommand test" -s 6 -l ipv6 -d 'Connect to IPv6 addresses only'
complete -c wsee -n "__fish_wsee_using_subcommand test" -l no-auto-pong -d 'Do not answer pings'
complete -c wsee -n "__fish_wsee_using_subcommand test" -l no-config -d 'Do not read the configuration file'
complete -c wsee -n "__fish_wsee_using_subcommand test" -l debug -d 'Print every option and its source before anything is done'
complete -c wsee -n "__fish_wsee_using_subcommand test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l speed -d 'Replay N times as fast (10x, 0.5x), or without waiting (max)' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l entry -d 'Which connection of the recording to replay: its number, or part of its URL' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l wait -d 'After the recording ends, wait until no message arrives for TIME' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -s H -l header -d 'Send a header field; \'Name:\' removes a default, @FILE reads many' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -s o -l origin -d 'Send an Origin field, as browsers do' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -s s -l subprotocol -d 'Offer subprotocols in order of preference; repeat, or use a comma list' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l compress -d 'Offer permessage-deflate with these parameters (RFC 7692)' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -s b -l cookie -d 'Send cookies, as NAME=VALUE or from @FILE; repeatable' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -s A -l user-agent -d 'Send this User-Agent instead of wsee/VERSION' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -s u -l user -d 'Log in with HTTP Basic authentication' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l bearer -d 'Log in with a bearer token; @FILE reads it from a file' -r -F
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l bearer-env -d 'Log in with the bearer token in the environment variable NAME' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l netrc-file -d 'Log in with the credentials in FILE instead of ~/.netrc' -r -F
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l cookie-jar -d 'Write the cookies that the server sets to FILE' -r -F
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l max-redirs -d 'Follow at most N redirects' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l cacert -d 'Also trust the CA certificates in FILE (PEM)' -r -F
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l roots -d 'Trust Mozilla\'s roots (webpki), the system\'s (native), or both' -r -f -a "webpki\t'Mozilla\'s, compiled in'
native\t'The system\'s'
both\t'Mozilla\'s and the system\'s'"
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l pinnedpubkey -d 'Connect only if the server has this public key' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -s E -l cert -d 'Present this client certificate if the server asks for one' -r -F
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l key -d 'The private key of --cert, if it is in a separate file' -r -F
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l pass -d 'Where to get the password of --cert or --key: env:NAME, file:PATH or prompt' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l tls-min -d 'The lowest TLS version to offer: 1.2 or 1.3' -r -f -a "1.2\t'TLS 1.2'
1.3\t'TLS 1.3'"
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l tls-max -d 'The highest TLS version to offer: 1.2 or 1.3' -r -f -a "1.2\t'TLS 1.2'
1.3\t'TLS 1.3'"
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l sni -d 'Expect a certificate for NAME instead of the URL\'s host' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -s x -l proxy -d 'Connect through this proxy: [SCHEME://][USER:PASS@]HOST[:PORT]' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -s U -l proxy-user -d 'Log in to the proxy' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l noproxy -d 'Do not use a proxy for these hosts' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l proxy-header -d 'Send a header field to an HTTP proxy, with CONNECT' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l proxy-cacert -d 'Trust the CA certificates in FILE (PEM) for an https proxy' -r -F
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l resolve -d 'Use these addresses for a host and port: HOST:PORT:ADDR[,ADDR]…' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l connect-to -d 'Connect to another host and port: HOST1:PORT1:HOST2:PORT2' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l unix-socket -d 'Connect to a Unix socket instead of the URL\'s host' -r -F
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l interface -d 'Connect through this network interface, or from this local address' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l keepalive-time -d 'Send TCP keepalive probes after TIME of silence; 0 is off' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l tcp-user-timeout -d 'Give up when sent bytes are not acknowledged for TIME (TCP_USER_TIMEOUT)' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l connect-timeout -d 'Time limit for the opening, from DNS to the 101 response' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l idle-timeout -d 'Give up when nothing arrives from the peer for TIME' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l close-timeout -d 'Time for the peer to answer a Close frame' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l ping-interval -d 'Send a ping every TIME; 0 is off' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l ping-timeout -d 'Time for the peer to answer a ping; 0 is off' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l max-message -d 'Largest message to accept' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l fragment -d 'Send messages in frames of at most SIZE bytes' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -s m -l max-time -d 'Time limit for the whole run' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l close-code -d 'Status code of the Close frame that ends the run' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l close-reason -d 'Reason in the Close frame that ends the run' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l jq -d 'Print the output of the jq filter FILTER for each received message' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l record -d 'Record the session in FILE, in the format of its name: .jsonl, .har or .wsee' -r -F
complete -c wsee -n "__fish_wsee_using_subcommand replay" -s w -l write-out -d 'Print FORMAT on stdout after the run, even if it failed' -r
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l timestamps -d 'The time shown before each event: none, time, iso, rel or delta' -r -f -a "none\t''
time\t''
iso\t''
rel\t''
delta\t''"
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l decode -d 'How binary messages are shown: auto, msgpack, cbor, protobuf or hex' -r -f -a "auto\t''
msgpack\t''
cbor\t''
protobuf\t''
hex\t''"
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l diff -d 'Print how the answers differ from the recorded ones, instead of the answers'
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l require-subprotocol -d 'Fail if the server selects none of the offered subprotocols'
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l no-compress -d 'Do not offer compression'
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l lenient -d 'Tolerate a server that breaks a rule, with a warning'
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l netrc -d 'Log in with the credentials in ~/.netrc'
complete -c wsee -n "__fish_wsee_using_subcommand replay" -s L -l location -d 'Follow redirects (status 301, 302, 303, 307, 308)'
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l location-trusted -d 'Follow redirects, and send credentials to every server'
complete -c wsee -n "__fish_wsee_using_subcommand replay" -s k -l insecure -d 'Accept any server certificate'
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l proxy-insecure -d 'Accept any certificate of an https proxy'
complete -c wsee -n "__fish_wsee_using_subcommand replay" -s 4 -l ipv4 -d 'Connect to IPv4 addresses only'
complete -c wsee -n "__fish_wsee_using_subcommand replay" -s 6 -l ipv6 -d 'Connect to IPv6 addresses only'
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l no-auto-pong -d 'Do not answer pings'
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l jsonl -d 'Print events as JSON Lines on stdout instead of payload'
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l raw -d 'Print received payload as it is, with no newline or NUL after it'
complete -c wsee -n "__fish_wsee_using_subcommand replay" -s 0 -l null -d 'End messages with NUL instead of a newline, on stdout and stdin'
complete -c wsee -n "__fish_wsee_using_subcommand replay" -s r -l raw-output -d 'With --jq, print strings without quotes'
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l jq-strict -d 'With --jq, skip messages that are not JSON'
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l force -d 'Overwrite the FILE of --record'
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l timing -d 'Draw how long DNS, TCP, TLS, the upgrade and the first message took'
complete -c wsee -n "__fish_wsee_using_subcommand replay" -s v -l verbose -d 'Show the handshake, pings, pongs and closes; -vv shows every frame'
complete -c wsee -n "__fish_wsee_using_subcommand replay" -s q -l quiet -d 'Print only errors on stderr'
complete -c wsee -n "__fish_wsee_using_subcommand replay" -l show-secrets -d 'Print passwords, tokens and cookies instead of ***'
complete -c wsee -n "__fish_wsee_using_subcommand replay" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wsee -n "__fish_wsee_using_subcommand fmt" -l check -d 'Change nothing; exit with status 1 if a file is not in canonical form'
complete -c wsee -n "__fish_wsee_using_subcommand fmt" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wsee -n "__fish_wsee_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wsee -n "__fish_wsee_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
