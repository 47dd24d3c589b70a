
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'wsee' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'wsee'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'wsee' {
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Send a header field; ''Name:'' removes a default, @FILE reads many')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Send a header field; ''Name:'' removes a default, @FILE reads many')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Send an Origin field, as browsers do')
            [CompletionResult]::new('--origin', '--origin', [CompletionResultType]::ParameterName, 'Send an Origin field, as browsers do')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Offer subprotocols, most wanted first; repeat or comma list')
            [CompletionResult]::new('--subprotocol', '--subprotocol', [CompletionResultType]::ParameterName, 'Offer subprotocols, most wanted first; repeat or comma list')
            [CompletionResult]::new('--compress', '--compress', [CompletionResultType]::ParameterName, 'Offer permessage-deflate with these parameters (RFC 7692)')
            [CompletionResult]::new('-b', '-b', [CompletionResultType]::ParameterName, 'Send a Cookie field; @FILE sends cookies of a file; repeatable')
            [CompletionResult]::new('--cookie', '--cookie', [CompletionResultType]::ParameterName, 'Send a Cookie field; @FILE sends cookies of a file; repeatable')
            [CompletionResult]::new('-A', '-A ', [CompletionResultType]::ParameterName, 'Send this User-Agent instead of wsee/VERSION')
            [CompletionResult]::new('--user-agent', '--user-agent', [CompletionResultType]::ParameterName, 'Send this User-Agent instead of wsee/VERSION')
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'Log in with HTTP Basic authentication')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Log in with HTTP Basic authentication')
            [CompletionResult]::new('--bearer', '--bearer', [CompletionResultType]::ParameterName, 'Log in with a bearer token; @FILE reads it')
            [CompletionResult]::new('--bearer-env', '--bearer-env', [CompletionResultType]::ParameterName, 'Log in with the bearer token in an environment variable')
            [CompletionResult]::new('--netrc-file', '--netrc-file', [CompletionResultType]::ParameterName, 'The same, with another file than ~/.netrc')
            [CompletionResult]::new('--cookie-jar', '--cookie-jar', [CompletionResultType]::ParameterName, 'Write the cookies that the server sets to FILE')
            [CompletionResult]::new('--max-redirs', '--max-redirs', [CompletionResultType]::ParameterName, 'Follow at most N redirects')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Trust the CA certificates in FILE (PEM) as well')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Time for the handshake, from DNS to the 101 response')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Time for the whole run')
            [CompletionResult]::new('--max-time', '--max-time', [CompletionResultType]::ParameterName, 'Time for the whole run')
            [CompletionResult]::new('--close-code', '--close-code', [CompletionResultType]::ParameterName, 'Status code of the Close frame wsee sends by itself')
            [CompletionResult]::new('--close-reason', '--close-reason', [CompletionResultType]::ParameterName, 'Reason in the Close frame wsee sends by itself')
            [CompletionResult]::new('--idle-timeout', '--idle-timeout', [CompletionResultType]::ParameterName, 'Give up when nothing has come from the peer for TIME')
            [CompletionResult]::new('--close-timeout', '--close-timeout', [CompletionResultType]::ParameterName, 'Time for the peer to answer a Close frame')
            [CompletionResult]::new('--ping-interval', '--ping-interval', [CompletionResultType]::ParameterName, 'Send a ping every TIME; 0 is off')
            [CompletionResult]::new('--ping-timeout', '--ping-timeout', [CompletionResultType]::ParameterName, 'Time for the peer to answer a ping; 0 is off')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'Largest message to accept')
            [CompletionResult]::new('--fragment', '--fragment', [CompletionResultType]::ParameterName, 'Send messages in frames of at most SIZE bytes')
            [CompletionResult]::new('--send', '--send', [CompletionResultType]::ParameterName, 'Send a message first; @FILE sends a file''s content')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Exit 0 as soon as N messages arrived (-1 for one)')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Exit 0 as soon as N messages arrived (-1 for one)')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'At the end of stdin, wait until no message came for TIME')
            [CompletionResult]::new('--split', '--split', [CompletionResultType]::ParameterName, 'Where stdin is cut into messages: line, nul, none, json, events or SIZE')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Print FORMAT on stdout when the run is over, also when it failed')
            [CompletionResult]::new('--write-out', '--write-out', [CompletionResultType]::ParameterName, 'Print FORMAT on stdout when the run is over, also when it failed')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--require-subprotocol', '--require-subprotocol', [CompletionResultType]::ParameterName, 'Fail if the server chooses none of the offered subprotocols')
            [CompletionResult]::new('--no-compress', '--no-compress', [CompletionResultType]::ParameterName, 'Do not offer compression')
            [CompletionResult]::new('--lenient', '--lenient', [CompletionResultType]::ParameterName, 'Go on where a server breaks a rule, with a warning')
            [CompletionResult]::new('--netrc', '--netrc', [CompletionResultType]::ParameterName, 'Log in as ~/.netrc says')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'Follow redirects (status 301, 302, 303, 307, 308)')
            [CompletionResult]::new('--location', '--location', [CompletionResultType]::ParameterName, 'Follow redirects (status 301, 302, 303, 307, 308)')
            [CompletionResult]::new('--location-trusted', '--location-trusted', [CompletionResultType]::ParameterName, 'Follow redirects, and send credentials to all servers')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Accept any server certificate')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Accept any server certificate')
            [CompletionResult]::new('--no-auto-pong', '--no-auto-pong', [CompletionResultType]::ParameterName, 'Do not answer pings')
            [CompletionResult]::new('-1', '-1', [CompletionResultType]::ParameterName, 'Exit 0 as soon as one message arrived')
            [CompletionResult]::new('--binary', '--binary', [CompletionResultType]::ParameterName, 'stdin is sent as binary messages, stdout gets raw bytes')
            [CompletionResult]::new('--hex', '--hex', [CompletionResultType]::ParameterName, 'Lines of stdin are hexadecimal, sent as binary messages')
            [CompletionResult]::new('--base64', '--base64', [CompletionResultType]::ParameterName, 'Lines of stdin are base64, sent as binary messages')
            [CompletionResult]::new('--raw', '--raw', [CompletionResultType]::ParameterName, 'Print received payload as it is, with no newline or NUL after it')
            [CompletionResult]::new('-0', '-0', [CompletionResultType]::ParameterName, 'NUL instead of newline ends a message, on stdin and on stdout')
            [CompletionResult]::new('--null', '--null', [CompletionResultType]::ParameterName, 'NUL instead of newline ends a message, on stdin and on stdout')
            [CompletionResult]::new('--commands', '--commands', [CompletionResultType]::ParameterName, 'Lines of stdin may be commands of the REPL, such as /ping or /frame')
            [CompletionResult]::new('--echo', '--echo', [CompletionResultType]::ParameterName, 'Answer every message with itself; stdin is not read')
            [CompletionResult]::new('--no-repl', '--no-repl', [CompletionResultType]::ParameterName, 'Be a pipe also when stdin and stdout are a terminal')
            [CompletionResult]::new('--jsonl', '--jsonl', [CompletionResultType]::ParameterName, 'Print events as JSON Lines on stdout instead of payload')
            [CompletionResult]::new('--timing', '--timing', [CompletionResultType]::ParameterName, 'Draw how long DNS, TCP, TLS, the upgrade and the first message took')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show handshake, pings, pongs and closes; -vv shows every frame')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show handshake, pings, pongs and closes; -vv shows every frame')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors on stderr')
            [CompletionResult]::new('--show-secrets', '--show-secrets', [CompletionResultType]::ParameterName, 'Print passwords, tokens and cookies instead of ***')
            [CompletionResult]::new('--no-history', '--no-history', [CompletionResultType]::ParameterName, 'Keep the REPL''s history out of the state directory')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Try wsee on a built-in echo server; needs no network')
            [CompletionResult]::new('listen', 'listen', [CompletionResultType]::ParameterValue, 'Run a WebSocket server to debug clients with; it echoes')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page of wsee or of one command')
            break
        }
        'wsee;demo' {
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Send a header field; ''Name:'' removes a default, @FILE reads many')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Send a header field; ''Name:'' removes a default, @FILE reads many')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Send an Origin field, as browsers do')
            [CompletionResult]::new('--origin', '--origin', [CompletionResultType]::ParameterName, 'Send an Origin field, as browsers do')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Offer subprotocols, most wanted first; repeat or comma list')
            [CompletionResult]::new('--subprotocol', '--subprotocol', [CompletionResultType]::ParameterName, 'Offer subprotocols, most wanted first; repeat or comma list')
            [CompletionResult]::new('--compress', '--compress', [CompletionResultType]::ParameterName, 'Offer permessage-deflate with these parameters (RFC 7692)')
            [CompletionResult]::new('-b', '-b', [CompletionResultType]::ParameterName, 'Send a Cookie field; @FILE sends cookies of a file; repeatable')
            [CompletionResult]::new('--cookie', '--cookie', [CompletionResultType]::ParameterName, 'Send a Cookie field; @FILE sends cookies of a file; repeatable')
            [CompletionResult]::new('-A', '-A ', [CompletionResultType]::ParameterName, 'Send this User-Agent instead of wsee/VERSION')
            [CompletionResult]::new('--user-agent', '--user-agent', [CompletionResultType]::ParameterName, 'Send this User-Agent instead of wsee/VERSION')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Time for the handshake, from DNS to the 101 response')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Time for the whole run')
            [CompletionResult]::new('--max-time', '--max-time', [CompletionResultType]::ParameterName, 'Time for the whole run')
            [CompletionResult]::new('--close-code', '--close-code', [CompletionResultType]::ParameterName, 'Status code of the Close frame wsee sends by itself')
            [CompletionResult]::new('--close-reason', '--close-reason', [CompletionResultType]::ParameterName, 'Reason in the Close frame wsee sends by itself')
            [CompletionResult]::new('--idle-timeout', '--idle-timeout', [CompletionResultType]::ParameterName, 'Give up when nothing has come from the peer for TIME')
            [CompletionResult]::new('--close-timeout', '--close-timeout', [CompletionResultType]::ParameterName, 'Time for the peer to answer a Close frame')
            [CompletionResult]::new('--ping-interval', '--ping-interval', [CompletionResultType]::ParameterName, 'Send a ping every TIME; 0 is off')
            [CompletionResult]::new('--ping-timeout', '--ping-timeout', [CompletionResultType]::ParameterName, 'Time for the peer to answer a ping; 0 is off')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'Largest message to accept')
            [CompletionResult]::new('--fragment', '--fragment', [CompletionResultType]::ParameterName, 'Send messages in frames of at most SIZE bytes')
            [CompletionResult]::new('--send', '--send', [CompletionResultType]::ParameterName, 'Send a message first; @FILE sends a file''s content')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Exit 0 as soon as N messages arrived (-1 for one)')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Exit 0 as soon as N messages arrived (-1 for one)')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'At the end of stdin, wait until no message came for TIME')
            [CompletionResult]::new('--split', '--split', [CompletionResultType]::ParameterName, 'Where stdin is cut into messages: line, nul, none, json, events or SIZE')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Print FORMAT on stdout when the run is over, also when it failed')
            [CompletionResult]::new('--write-out', '--write-out', [CompletionResultType]::ParameterName, 'Print FORMAT on stdout when the run is over, also when it failed')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--require-subprotocol', '--require-subprotocol', [CompletionResultType]::ParameterName, 'Fail if the server chooses none of the offered subprotocols')
            [CompletionResult]::new('--no-compress', '--no-compress', [CompletionResultType]::ParameterName, 'Do not offer compression')
            [CompletionResult]::new('--lenient', '--lenient', [CompletionResultType]::ParameterName, 'Go on where a server breaks a rule, with a warning')
            [CompletionResult]::new('--no-auto-pong', '--no-auto-pong', [CompletionResultType]::ParameterName, 'Do not answer pings')
            [CompletionResult]::new('-1', '-1', [CompletionResultType]::ParameterName, 'Exit 0 as soon as one message arrived')
            [CompletionResult]::new('--binary', '--binary', [CompletionResultType]::ParameterName, 'stdin is sent as binary messages, stdout gets raw bytes')
            [CompletionResult]::new('--hex', '--hex', [CompletionResultType]::ParameterName, 'Lines of stdin are hexadecimal, sent as binary messages')
            [CompletionResult]::new('--base64', '--base64', [CompletionResultType]::ParameterName, 'Lines of stdin are base64, sent as binary messages')
            [CompletionResult]::new('--raw', '--raw', [CompletionResultType]::ParameterName, 'Print received payload as it is, with no newline or NUL after it')
            [CompletionResult]::new('-0', '-0', [CompletionResultType]::ParameterName, 'NUL instead of newline ends a message, on stdin and on stdout')
            [CompletionResult]::new('--null', '--null', [CompletionResultType]::ParameterName, 'NUL instead of newline ends a message, on stdin and on stdout')
            [CompletionResult]::new('--commands', '--commands', [CompletionResultType]::ParameterName, 'Lines of stdin may be commands of the REPL, such as /ping or /frame')
            [CompletionResult]::new('--echo', '--echo', [CompletionResultType]::ParameterName, 'Answer every message with itself; stdin is not read')
            [CompletionResult]::new('--no-repl', '--no-repl', [CompletionResultType]::ParameterName, 'Be a pipe also when stdin and stdout are a terminal')
            [CompletionResult]::new('--jsonl', '--jsonl', [CompletionResultType]::ParameterName, 'Print events as JSON Lines on stdout instead of payload')
            [CompletionResult]::new('--timing', '--timing', [CompletionResultType]::ParameterName, 'Draw how long DNS, TCP, TLS, the upgrade and the first message took')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show handshake, pings, pongs and closes; -vv shows every frame')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show handshake, pings, pongs and closes; -vv shows every frame')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors on stderr')
            [CompletionResult]::new('--show-secrets', '--show-secrets', [CompletionResultType]::ParameterName, 'Print passwords, tokens and cookies instead of ***')
            [CompletionResult]::new('--no-history', '--no-history', [CompletionResultType]::ParameterName, 'Keep the REPL''s history out of the state directory')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'wsee;listen' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Speak these subprotocols, most wanted first; repeat or comma list')
            [CompletionResult]::new('--subprotocol', '--subprotocol', [CompletionResultType]::ParameterName, 'Speak these subprotocols, most wanted first; repeat or comma list')
            [CompletionResult]::new('--compress', '--compress', [CompletionResultType]::ParameterName, 'Set these parameters of permessage-deflate (RFC 7692)')
            [CompletionResult]::new('--origin', '--origin', [CompletionResultType]::ParameterName, 'Accept only requests with this Origin; repeatable')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Serve wss:// with this certificate chain (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'The private key of --cert (PEM)')
            [CompletionResult]::new('--idle-timeout', '--idle-timeout', [CompletionResultType]::ParameterName, 'Give up when nothing has come from the peer for TIME')
            [CompletionResult]::new('--close-timeout', '--close-timeout', [CompletionResultType]::ParameterName, 'Time for the peer to answer a Close frame')
            [CompletionResult]::new('--ping-interval', '--ping-interval', [CompletionResultType]::ParameterName, 'Send a ping every TIME; 0 is off')
            [CompletionResult]::new('--ping-timeout', '--ping-timeout', [CompletionResultType]::ParameterName, 'Time for the peer to answer a ping; 0 is off')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'Largest message to accept')
            [CompletionResult]::new('--fragment', '--fragment', [CompletionResultType]::ParameterName, 'Send messages in frames of at most SIZE bytes')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--no-compress', '--no-compress', [CompletionResultType]::ParameterName, 'Do not agree to compression')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'Serve wss:// with a certificate made for this run')
            [CompletionResult]::new('--no-auto-pong', '--no-auto-pong', [CompletionResultType]::ParameterName, 'Do not answer pings')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show handshake, pings, pongs and closes; -vv shows every frame')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show handshake, pings, pongs and closes; -vv shows every frame')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors on stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors on stderr')
            [CompletionResult]::new('--show-secrets', '--show-secrets', [CompletionResultType]::ParameterName, 'Print passwords, tokens and cookies instead of ***')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'wsee;completions' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'wsee;man' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
