//! Messages in, statements out.

use super::*;

/// A message of either side.
fn message(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[kind][..], &length.to_be_bytes(), &body].concat()
}

fn query(sql: &str) -> Vec<u8> {
    message(b'Q', &[sql.as_bytes(), b"\0"])
}

/// What a library sends to execute a statement with one number as its parameter: as `Parse`, `Describe`,
/// `Bind`, `Execute` and `Sync`.
fn execution(sql: &str, oid: u32, value: Option<&[u8]>) -> Vec<u8> {
    let length = value.map_or(u32::MAX, |value| u32::try_from(value.len()).unwrap());
    [
        message(
            b'P',
            &[b"s\0", sql.as_bytes(), b"\0", &[0, 1], &oid.to_be_bytes()],
        ),
        message(b'D', &[b"Ss\0"]),
        message(
            b'B',
            &[
                b"\0s\0",
                &[0, 1, 0, 1],
                &[0, 1],
                &length.to_be_bytes(),
                value.unwrap_or(b""),
                &[0, 0],
            ],
        ),
        message(b'E', &[b"\0", &[0; 4]]),
        message(b'S', &[]),
    ]
    .concat()
}

fn done() -> Vec<u8> {
    [message(b'C', &[b"OK\0"]), message(b'Z', &[b"I"])].concat()
}

fn refused() -> Vec<u8> {
    [message(b'E', &[b"\0"]), message(b'Z', &[b"I"])].concat()
}

/// Bytes of the client and of the server, in turns.
fn sent(turns: &[(Vec<u8>, Vec<u8>)]) -> Vec<Sent> {
    let read = |size: usize| {
        let (mut wire, mut sent) = (Wire::default(), Vec::new());
        for (client, server) in turns {
            for bytes in client.chunks(size) {
                wire.read_client(bytes, &mut sent);
            }
            for bytes in server.chunks(size) {
                wire.read_server(bytes, &mut sent);
            }
        }
        sent
    };
    let whole = read(usize::MAX);
    // Packets end anywhere.
    assert_eq!(read(1), whole);
    assert_eq!(read(7), whole);
    whole
}

fn one(sql: &str) -> Sent {
    Sent::new(sql.to_owned(), Vec::new())
}

#[test]
fn texts_and_executions_are_noted_in_their_order() {
    let number = 7_u32.to_be_bytes();
    let found = sent(&[
        (query("BEGIN"), done()),
        (
            execution("INSERT INTO a VALUES ($1)", 23, Some(&number)),
            done(),
        ),
        (execution("INSERT INTO a VALUES ($1)", 23, None), done()),
        (query("COMMIT"), done()),
    ]);
    let value = |bytes: Option<&[u8]>| Value {
        oid: 23,
        is_binary: true,
        bytes: bytes.map(<[u8]>::to_vec),
    };
    let insert = |value| Sent::new("INSERT INTO a VALUES ($1)".to_owned(), vec![value]);
    assert_eq!(
        found,
        [
            one("BEGIN"),
            insert(value(Some(&number))),
            insert(value(None)),
            one("COMMIT")
        ]
    );
}

#[test]
fn a_statement_is_executed_again_without_its_text() {
    let again = [
        message(
            b'B',
            &[b"\0s\0", &[0, 0], &[0, 1], &[0, 0, 0, 1], b"8", &[0, 0]],
        ),
        message(b'E', &[b"\0", &[0; 4]]),
    ]
    .concat();
    let found = sent(&[
        (execution("SELECT $1", 25, Some(b"7")), done()),
        (again, done()),
    ]);
    let values: Vec<_> = found.iter().map(|sent| sent.values[0].clone()).collect();
    assert_eq!(values[0].bytes.as_deref(), Some(&b"7"[..]));
    // Without a format, it is text.
    assert_eq!(
        (values[1].bytes.as_deref(), values[1].is_binary),
        (Some(&b"8"[..]), false)
    );
}

/// A library that states no types learns them from the server before it sends the values.
#[test]
fn types_are_those_that_the_server_names() {
    let sql = "INSERT INTO a VALUES ($1)";
    let preparation = [
        message(b'P', &[b"s\0", sql.as_bytes(), b"\0", &[0, 0]]),
        message(b'D', &[b"Ss\0"]),
        message(b'S', &[]),
    ]
    .concat();
    let description = [
        message(b'1', &[]),
        message(b't', &[&[0, 1], &2950_u32.to_be_bytes()]),
        message(b'n', &[]),
        message(b'Z', &[b"I"]),
    ]
    .concat();
    let binding = [
        message(
            b'B',
            &[
                b"\0s\0",
                &[0, 1, 0, 1],
                &[0, 1],
                &[0, 0, 0, 1],
                b"x",
                &[0, 0],
            ],
        ),
        message(b'E', &[b"\0", &[0; 4]]),
    ]
    .concat();
    let found = sent(&[(preparation, description), (binding, done())]);
    assert_eq!((found[0].sql.as_str(), found[0].values[0].oid), (sql, 2950));
}

#[test]
fn what_the_server_refuses_is_marked() {
    let two = [
        execution("SELECT $1", 23, None),
        execution("SELECT 1 / $1", 23, None),
    ]
    .concat();
    let first_done = message(b'C', &[b"OK\0"]);
    let found = sent(&[
        (query("nonsense"), refused()),
        (
            query("SELECT 1; SELECT 2"),
            [first_done.clone(), done()].concat(),
        ),
        (two, [first_done, refused()].concat()),
    ]);
    let failed: Vec<bool> = found.iter().map(|sent| sent.failed).collect();
    assert_eq!(failed, [true, false, false, true]);
}

#[test]
fn rows_that_a_client_streams_are_marked() {
    let copying = message(b'G', &[&[0, 0, 0]]);
    let rows = [message(b'd', &[b"1\n"]), message(b'c', &[])].concat();
    let found = sent(&[(query("COPY a FROM STDIN"), copying), (rows, done())]);
    assert_eq!(found.len(), 1);
    assert!(found[0].streamed && !found[0].failed);
}

/// What is cut off or makes no sense is the server's to refuse.
#[test]
fn bytes_that_are_no_messages_stop_nothing() {
    let found = sent(&[
        (message(b'B', &[b"\0unknown"]), Vec::new()),
        (message(b'E', &[b"unknown\0", &[0; 4]]), Vec::new()),
        (
            message(b'P', &[b"s\0SELECT 1\0", &[0xff, 0xff]]),
            Vec::new(),
        ),
        (query("SELECT 1"), message(b't', &[&[0, 1]])),
    ]);
    assert_eq!(found, [one("SELECT 1")]);
}
