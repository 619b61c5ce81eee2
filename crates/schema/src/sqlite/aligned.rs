//! Names that differ in their case only, which are one name to SQLite.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::model::{Object, ObjectId, ObjectName, Schema};

/// Returns the second schema with the names that the first one has for the same objects.
pub(crate) fn aligned<'s>(from: &Schema, to: &'s Schema) -> Cow<'s, Schema> {
    let known: BTreeMap<ObjectId, &ObjectId> =
        from.objects.keys().map(|id| (folded(id), id)).collect();
    let name = |id: &ObjectId| match from.objects.contains_key(id) {
        true => None,
        false => known.get(&folded(id)).map(|known| (*known).clone()),
    };
    if to.objects.keys().all(|id| name(id).is_none()) {
        return Cow::Borrowed(to);
    }
    let renamed = |id: &ObjectId| name(id).unwrap_or_else(|| id.clone());
    let objects = to.objects.iter().map(|(id, object)| {
        let object = Object {
            needs: object.needs.iter().map(renamed).collect(),
            mentions: object.mentions.clone(),
            ..object.clone()
        };
        (renamed(id), object)
    });
    Cow::Owned(Schema {
        objects: objects.collect(),
        ..to.clone()
    })
}

fn folded(id: &ObjectId) -> ObjectId {
    ObjectId::from(ObjectName {
        parent: id
            .parent
            .as_deref()
            .map(|parent| parent.to_ascii_lowercase().into()),
        name: id.name.to_ascii_lowercase().into(),
        ..(**id).clone()
    })
}
