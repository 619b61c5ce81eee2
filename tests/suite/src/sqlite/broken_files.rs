//! Files that are damaged.

use alembic_migrate::DatabaseState;
use alembic_migrate::driver::DatabaseErrorKind;

use super::{File, FileSubject, LARGE, REWRITE, single};
use crate::Command::{Current, Upgrade};
use crate::answer::{database_error_kind, state};
use crate::comparison::{compare, record};
use crate::{Database, Handle};

type Damage = fn(&mut Vec<u8>);

pub fn damaged_files_are_told_and_left_alone<S: FileSubject>() {
    let corrupt = |bytes: &mut Vec<u8>| {
        let middle = bytes.len() / 2;
        bytes[middle..middle + 8192].fill(0xA5);
    };
    let cut = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() / 2 / 4096 * 4096);
    let text = |bytes: &mut Vec<u8>| *bytes = b"This is a letter, no database.\n".repeat(200);
    let header = |bytes: &mut Vec<u8>| bytes[0] = b's';
    let damages: [(Damage, _); 4] = [
        (corrupt, DatabaseErrorKind::Corrupt),
        (cut, DatabaseErrorKind::Corrupt),
        (text, DatabaseErrorKind::NotADatabase),
        (header, DatabaseErrorKind::NotADatabase),
    ];
    let rewrite = single(REWRITE);
    for (damage, expected) in damages {
        let sound = File::new(LARGE);
        let mut bytes = std::fs::read(sound.path()).unwrap();
        damage(&mut bytes);
        let error = compare::<S>(
            || File::with_bytes(&bytes),
            &rewrite,
            Upgrade("heads"),
            "damaged",
        );
        let error = error.unwrap_err();
        assert_eq!(database_error_kind(&error), Some(expected), "{error}");
        assert_eq!(*state(&error), DatabaseState::Unchanged, "{error}");
        match compare::<S>(|| File::with_bytes(&bytes), &rewrite, Current, "damaged") {
            Err(error) => assert_eq!(database_error_kind(&error), Some(expected), "{error}"),
            // It does not read the damaged part.
            Ok(_) => assert_eq!(expected, DatabaseErrorKind::Corrupt),
        }
        let file = File::with_bytes(&bytes);
        S::open(&file.address())
            .upgrade(&rewrite, "heads")
            .unwrap_err();
        assert!(std::fs::read(file.path()).unwrap() == bytes, "{error}");
    }
}

pub fn random_damage_is_survived<S: FileSubject>() {
    let sound = std::fs::read(File::new(LARGE).path()).unwrap();
    // The log holds times, and the bytes of damaged files are compared.
    let rewrite = single(REWRITE).keep_log(false);
    let mut seed: usize = 7;
    let mut random = move |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % below
    };
    let mut failed = 0;
    for round in 0..60 {
        let mut bytes = sound.clone();
        for _ in 0..=round / 4 {
            let at = random(bytes.len());
            bytes[at] = u8::try_from(random(256)).unwrap();
        }
        let file = File::with_bytes(&bytes);
        let mut handle = S::open(&file.address());
        let record = record::<S>(&mut handle, &rewrite, Upgrade("heads"), "at random");
        drop(handle);
        record.check_reference::<S>(&file, || File::with_bytes(&bytes), &rewrite);
        if let Err(error) = record.outcome {
            failed += 1;
            assert_eq!(*state(&error), DatabaseState::Unchanged, "{error}");
            assert!(std::fs::read(file.path()).unwrap() == bytes, "{error}");
        }
    }
    assert!(failed > 0);
}
