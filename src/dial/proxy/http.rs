//! A tunnel by CONNECT through an HTTP proxy (RFC 9110 §9.3.6).

use data_encoding::BASE64;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Proxy;
use crate::dial::endpoint::{Endpoint, authority};
use crate::dial::error::{ProxyProblem, TunnelRefusal};
use crate::dial::{Step, Stream, read_body};
use crate::proto::handshake::client::Edit;
use crate::proto::http1::head::{Message, Reader};
use crate::proto::http1::{Head, HeadError};

#[derive(Debug, Clone, Default)]
pub struct Options {
    pub user_agent: Option<String>,
    pub edits: Vec<Edit>,
}

/// Bytes per read; a response is rarely larger.
const BLOCK: usize = 4 << 10;
/// Interim responses to skip: proxies send none or one, and endless ones must not keep us.
const MAX_INTERIM: usize = 8;

pub(super) async fn tunnel(
    proxy: &Proxy,
    endpoint: &Endpoint,
    options: &Options,
    mut stream: Stream,
    step: &mut dyn FnMut(Step),
) -> Result<Stream, ProxyProblem> {
    let request = request(proxy, endpoint, options);
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    step(Step::ProxyRequest(request));

    let mut received = Vec::new();
    let mut start = 0;
    for _ in 0..=MAX_INTERIM {
        let response = read_head(&mut stream, &mut received, start).await?;
        start += response.as_bytes().len();
        let status = response.status().unwrap_or(0);
        step(Step::ProxyResponse(response.clone()));
        match status {
            // RFC 9110 §9.3.6: what follows the head of a 2xx belongs to the tunnel.
            200..=299 => return Ok(stream.with_early(&received[start..])),
            100..=199 if status != 101 => {}
            _ => {
                let body = read_body(&mut stream, &response, &received[start..]).await;
                return Err(ProxyProblem::Refused(Box::new(TunnelRefusal {
                    endpoint: endpoint.clone(),
                    status,
                    response,
                    body,
                    authorized: proxy.credentials.is_some(),
                })));
            }
        }
    }
    Err(ProxyProblem::TooManyInterim)
}

fn request(proxy: &Proxy, endpoint: &Endpoint, options: &Options) -> Head {
    // The zone of an address is meaningful on this machine only (RFC 6874 §4).
    let host = endpoint.host.split('%').next().unwrap_or_default();
    let authority = authority(host, endpoint.port);
    let login = proxy.credentials.as_ref().map(|pair| {
        let (user, password) = pair.expose();
        let pair = format!("{user}:{password}");
        format!("Basic {}", BASE64.encode(pair.as_bytes()))
    });
    let fields = [
        ("Host", Some(authority.clone())),
        ("Proxy-Authorization", login),
        ("User-Agent", options.user_agent.clone()),
    ];
    let mut fields: Vec<(String, String)> = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect();
    for edit in &options.edits {
        edit.apply(&mut fields);
    }
    let fields = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    Head::encode(&format!("CONNECT {authority} HTTP/1.1"), fields)
}

/// Reads the head that starts at `start`; `received` may also hold what follows it.
async fn read_head(
    stream: &mut Stream,
    received: &mut Vec<u8>,
    start: usize,
) -> Result<Head, ProxyProblem> {
    let mut reader = Reader::new(Message::Response);
    loop {
        if let Some(head) = reader.read(&received[start..])? {
            return Ok(head);
        }
        // Interim responses count as well, so that they cannot continue forever.
        if received.len() > Head::MAX_BYTES {
            return Err(HeadError::TooLarge.into());
        }
        let mut block = [0; BLOCK];
        match stream.read(&mut block).await? {
            0 => return Err(ProxyProblem::Closed(received.len() - start)),
            n => received.extend_from_slice(&block[..n]),
        }
    }
}
