//! The needs that the catalog does not write down.

use std::collections::HashMap;

use crate::model::{Definition, Object, ObjectId, ObjectKind};

/// Lets parts need what they are parts of, and everything else its schema.
pub(super) fn add(objects: &mut [(ObjectId, Object)]) {
    let ids: Vec<ObjectId> = objects.iter().map(|(id, _)| id.clone()).collect();
    let mut owners: HashMap<(&str, &str), &ObjectId> = HashMap::new();
    let mut schemas: HashMap<&str, &ObjectId> = HashMap::new();
    for id in ids.iter().filter(|id| id.parent.is_none()) {
        match id.kind {
            ObjectKind::Schema => {
                schemas.insert(&id.name, id);
            }
            ObjectKind::Table
            | ObjectKind::View
            | ObjectKind::MaterializedView
            | ObjectKind::Domain => {
                owners.insert((&id.schema, &id.name), id);
            }
            _ => {}
        }
    }
    for (id, object) in objects {
        if let Definition::Extension(extension) = &object.definition {
            let schema = schemas.get(extension.schema.as_str());
            object.needs.extend(schema.copied().cloned());
        }
        let parent = id.parent.as_deref();
        let owner = parent.and_then(|parent| owners.get(&(id.schema.as_str(), parent)));
        let needed = owner.or_else(|| schemas.get(id.schema.as_str()));
        object.needs.extend(needed.copied().cloned());
    }
}
