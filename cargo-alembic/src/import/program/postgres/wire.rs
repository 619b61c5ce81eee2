//! What a client of PostgreSQL executes, read from the messages between it and the server.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};

/// A statement that a client sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) sql: String,
    /// The values of its parameters.
    pub(super) values: Vec<Value>,
    /// Whether the server refused it.
    pub(super) failed: bool,
    /// Whether rows were streamed to the server with it.
    pub(super) streamed: bool,
}

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    /// The number of its type; zero if the server never said which one it takes.
    pub(super) oid: u32,
    pub(super) is_binary: bool,
    /// None is NULL.
    pub(super) bytes: Option<Vec<u8>>,
}

/// The messages of one connection, after its first one.
#[derive(Debug, Default)]
pub(super) struct Wire {
    from_client: Vec<u8>,
    from_server: Vec<u8>,
    statements: HashMap<String, Prepared>,
    portals: HashMap<String, Portal>,
    /// The statements whose parameters the server is asked for.
    described: VecDeque<String>,
    awaited: VecDeque<Awaited>,
}

#[derive(Clone, Debug)]
struct Prepared {
    sql: String,
    types: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Portal {
    statement: String,
    values: Vec<Value>,
}

/// What the server has not answered yet: the index of what was sent.
#[derive(Clone, Copy, Debug)]
enum Awaited {
    /// It gets one answer.
    Execution(usize),
    /// It gets an answer for each of its statements.
    Text(usize),
}

impl Wire {
    /// Reads bytes that the client sends.
    pub(super) fn read_client(&mut self, bytes: &[u8], sent: &mut Vec<Sent>) {
        self.from_client.extend_from_slice(bytes);
        while let Some((kind, body)) = next_message(&mut self.from_client) {
            // A message that cannot be read is the server's to refuse.
            let _ = self.client_message(kind, Body(&body), sent);
        }
    }

    /// Reads bytes that the server sends.
    pub(super) fn read_server(&mut self, bytes: &[u8], sent: &mut [Sent]) {
        self.from_server.extend_from_slice(bytes);
        while let Some((kind, body)) = next_message(&mut self.from_server) {
            let _ = self.server_message(kind, Body(&body), sent);
        }
    }

    fn client_message(&mut self, kind: u8, mut body: Body<'_>, sent: &mut Vec<Sent>) -> Option<()> {
        match kind {
            // Query
            b'Q' => {
                self.awaited.push_back(Awaited::Text(sent.len()));
                sent.push(Sent::new(body.text()?, Vec::new()));
            }
            // Parse
            b'P' => {
                let name = body.text()?;
                let sql = body.text()?;
                let count = body.number()?;
                let types = (0..count)
                    .map(|_| body.long())
                    .collect::<Option<Vec<u32>>>()?;
                self.statements.insert(name, Prepared { sql, types });
            }
            // Bind
            b'B' => {
                let portal = body.text()?;
                let statement = body.text()?;
                let count = body.number()?;
                let formats = (0..count)
                    .map(|_| body.number())
                    .collect::<Option<Vec<u16>>>()?;
                let count = body.number()?;
                let types = self
                    .statements
                    .get(&statement)
                    .map(|known| known.types.clone());
                let types = types.unwrap_or_default();
                let mut values = Vec::new();
                for index in 0..usize::from(count) {
                    // One format may stand for all.
                    let format = formats.get(index).or(formats.first()).copied();
                    values.push(Value {
                        oid: types.get(index).copied().unwrap_or_default(),
                        is_binary: format.unwrap_or_default() == 1,
                        bytes: body.value()?,
                    });
                }
                self.portals.insert(portal, Portal { statement, values });
            }
            // Describe, of a statement
            b'D' if body.byte()? == b'S' => self.described.push_back(body.text()?),
            // Execute
            b'E' => {
                let Portal { statement, values } = self.portals.get(&body.text()?)?.clone();
                let sql = self.statements.get(&statement)?.sql.clone();
                self.awaited.push_back(Awaited::Execution(sent.len()));
                sent.push(Sent::new(sql, values));
            }
            _ => {}
        }
        Some(())
    }

    fn server_message(&mut self, kind: u8, mut body: Body<'_>, sent: &mut [Sent]) -> Option<()> {
        match kind {
            // ParameterDescription
            b't' => {
                let name = self.described.pop_front()?;
                let count = body.number()?;
                let types = (0..count)
                    .map(|_| body.long())
                    .collect::<Option<Vec<u32>>>()?;
                self.statements.get_mut(&name)?.types = types;
            }
            // CommandComplete, EmptyQueryResponse, PortalSuspended
            b'C' | b'I' | b's' => {
                if let Some(Awaited::Execution(_)) = self.awaited.front() {
                    self.awaited.pop_front();
                }
            }
            // CopyInResponse
            b'G' => self.awaited_one(sent)?.streamed = true,
            // ErrorResponse
            b'E' => {
                if let Some(failed) = self.awaited_one(sent) {
                    failed.failed = true;
                }
            }
            // ReadyForQuery
            b'Z' => {
                self.awaited.clear();
                self.described.clear();
            }
            _ => {}
        }
        Some(())
    }

    fn awaited_one<'s>(&self, sent: &'s mut [Sent]) -> Option<&'s mut Sent> {
        match self.awaited.front()? {
            Awaited::Execution(index) | Awaited::Text(index) => sent.get_mut(*index),
        }
    }
}

impl Sent {
    fn new(sql: String, values: Vec<Value>) -> Self {
        Self {
            sql,
            values,
            failed: false,
            streamed: false,
        }
    }
}

/// Takes the first message, if it is whole: its kind, and what follows its length.
fn next_message(bytes: &mut Vec<u8>) -> Option<(u8, Vec<u8>)> {
    const HEAD: usize = 5;
    let head = bytes.get(..HEAD)?;
    let kind = head[0];
    let length = u32::from_be_bytes(head[1..].try_into().ok()?);
    // The length counts itself.
    let end = usize::try_from(length).ok()?.max(4) + 1;
    if bytes.len() < end {
        return None;
    }
    let body = bytes[HEAD..end].to_vec();
    bytes.drain(..end);
    Some((kind, body))
}

/// What is left of a message.
struct Body<'b>(&'b [u8]);

impl Body<'_> {
    fn take(&mut self, length: usize) -> Option<&[u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    fn number(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    fn long(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    /// Reads a text up to its NUL.
    fn text(&mut self) -> Option<String> {
        let end = self.0.iter().position(|byte| *byte == 0)?;
        let text = String::from_utf8_lossy(self.take(end)?).into_owned();
        self.take(1)?;
        Some(text)
    }

    /// Reads a value after its length, which is -1 for NULL.
    #[expect(
        clippy::option_option,
        reason = "the outer one says that it cannot be read"
    )]
    fn value(&mut self) -> Option<Option<Vec<u8>>> {
        match self.long()? {
            u32::MAX => Some(None),
            length => {
                let length = usize::try_from(length).ok()?;
                Some(Some(self.take(length)?.to_vec()))
            }
        }
    }
}
