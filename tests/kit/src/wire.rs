use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One kept-alive connection on which HTTP is written and read as bytes.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// The head and the body of a response as they came.
#[derive(Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Status line and headers, in lower case.
    pub head: String,
    /// The body: as many bytes as `Content-Length` says.
    pub body: Vec<u8>,
    /// The number of pieces in which it came from the socket.
    pub reads: usize,
}

impl Wire {
    /// Connects to the server of a base address, `http://host:port`.
    pub async fn connect(base: &str) -> Wire {
        let address = base.trim_start_matches("http://").trim_end_matches('/');
        let stream = TcpStream::connect(address).await.unwrap_or_else(|e| panic!("{address}: {e}"));
        Wire { stream, unread: Vec::new() }
    }

    /// Sends these bytes and reads one response; `None` if the server closes instead.
    pub async fn send(&mut self, request: &[u8]) -> Option<Reply> {
        self.stream.write_all(request).await.ok()?;
        tokio::time::timeout(Duration::from_secs(20), self.read_reply()).await.expect("an answer within 20 s")
    }

    async fn read_reply(&mut self) -> Option<Reply> {
        let mut reads = 0;
        let end = loop {
            if let Some(at) = self.unread.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            self.read_more().await?;
            reads += 1;
        };
        let head = String::from_utf8_lossy(&self.unread[..end]).to_lowercase();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let length: usize = head.lines().find_map(|line| line.strip_prefix("content-length:"))?.trim().parse().ok()?;
        while self.unread.len() < end + length {
            self.read_more().await?;
            reads += 1;
        }
        let body = self.unread[end..end + length].to_vec();
        self.unread.drain(..end + length);
        Some(Reply { status, head, body, reads })
    }

    async fn read_more(&mut self) -> Option<()> {
        let mut buffer = [0; 16 * 1024];
        let count = self.stream.read(&mut buffer).await.ok()?;
        self.unread.extend_from_slice(&buffer[..count]);
        (count > 0).then_some(())
    }
}
