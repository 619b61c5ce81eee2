//! Names and texts in statements.

use crate::model::{ObjectId, ObjectKind};

/// The words that cannot be names everywhere, up to PostgreSQL 18.
const RESERVED: &str = " all analyse analyze and any array as asc asymmetric authorization between \
bigint binary bit boolean both case cast char character check coalesce collate collation column \
concurrently constraint create cross current_catalog current_date current_role current_schema \
current_time current_timestamp current_user dec decimal default deferrable desc distinct do else end \
except exists extract false fetch float for foreign freeze from full grant greatest group grouping \
having ilike in initially inner inout int integer intersect interval into is isnull join json \
json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar json_serialize \
json_table json_value lateral leading least left like limit localtime localtimestamp merge_action \
national natural nchar none normalize not notnull null nullif numeric offset on only or order out \
outer overlaps overlay placing position precision primary real references returning right row select \
session_user setof similar smallint some substring symmetric system_user table tablesample then time \
timestamp to trailing treat trim true union unique user using values varchar variadic verbose when \
where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi \
xmlroot xmlserialize xmltable ";

/// The types of the server, up to PostgreSQL 18: it takes these names for its own.
const TYPES: &str = " aclitem any anyarray anycompatible anycompatiblearray anycompatiblemultirange \
anycompatiblenonarray anycompatiblerange anyelement anyenum anymultirange anynonarray anyrange bit bool \
box bpchar bytea char cid cidr circle cstring date datemultirange daterange event_trigger fdw_handler \
float4 float8 gtsvector index_am_handler inet int2 int2vector int4 int4multirange int4range int8 \
int8multirange int8range internal interval json jsonb jsonpath language_handler line lseg macaddr \
macaddr8 money name numeric nummultirange numrange oid oidvector path point polygon record refcursor \
regclass regcollation regconfig regdictionary regnamespace regoper regoperator regproc regprocedure \
regrole regtype table_am_handler text tid time timestamp timestamptz timetz trigger tsm_handler \
tsmultirange tsquery tsrange tstzmultirange tstzrange tsvector txid_snapshot unknown uuid varbit varchar \
void xid xid8 xml ";

/// Quotes a name that needs it, as the server does.
pub(super) fn quote(name: &str) -> String {
    let is_part = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
    let is_plain = name.bytes().all(is_part)
        && name.starts_with(|first: char| !first.is_ascii_digit())
        && !RESERVED.contains(&format!(" {name} "));
    match is_plain {
        true => name.to_owned(),
        false => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

/// Returns a name with its schema, unless that is `public`.
pub(super) fn qualified(schema: &str, name: &str) -> String {
    match schema {
        "" | "public" => quote(name),
        _ => full(schema, name),
    }
}

/// Returns a name with its schema, as the server writes it in definitions.
pub(super) fn full(schema: &str, name: &str) -> String {
    format!("{}.{}", quote(schema), quote(name))
}

/// Returns the name of an object.
pub(super) fn of(id: &ObjectId) -> String {
    let is_type = matches!(
        id.kind,
        ObjectKind::Enum | ObjectKind::Composite | ObjectKind::Range | ObjectKind::Domain
    );
    match is_type && is_type_of_server(&id.name) {
        true => full(&id.schema, &id.name),
        false => qualified(&id.schema, &id.name),
    }
}

/// Returns whether the server takes the name of a type for one of its own, whatever schema is looked at first.
pub(super) fn is_type_of_server(name: &str) -> bool {
    // An array is called as its elements are, after an underscore.
    let element = name.strip_prefix('_').unwrap_or(name);
    TYPES.contains(&format!(" {element} "))
}

/// Returns an operator with its schema, unless that is `public`, and the types that it is between.
pub(super) fn operator(id: &ObjectId) -> String {
    match &*id.schema {
        "public" => id.name.to_string(),
        schema => format!("{}.{}", quote(schema), id.name),
    }
}

/// Returns the name of what an object is a part of.
pub(super) fn owner(id: &ObjectId) -> String {
    qualified(&id.schema, id.parent.as_deref().unwrap_or_default())
}

/// Returns the name that the server gives to what belongs to a table and these columns: the longer part
/// is cut until all of it fits into 63 bytes.
pub(super) fn chosen(table: &str, columns: &str, end: &str) -> String {
    let separators = usize::from(!columns.is_empty()) + 1;
    let room = 63_usize.saturating_sub(end.len() + separators);
    let (mut first, mut second) = (table.len(), columns.len());
    while first + second > room {
        if first > second {
            first -= 1;
        } else {
            second -= 1;
        }
    }
    let table = &table[..table.floor_char_boundary(first)];
    let columns = &columns[..columns.floor_char_boundary(second)];
    match columns.is_empty() {
        true => format!("{table}_{end}"),
        false => format!("{table}_{columns}_{end}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{chosen, qualified, quote};

    #[test]
    fn names_are_quoted_where_the_server_does() {
        for (name, expected) in [
            ("users", "users"),
            ("user", "\"user\""),
            ("current_user", "\"current_user\""),
            ("name", "name"),
            ("Users", "\"Users\""),
            ("1st", "\"1st\""),
            ("a\"b", "\"a\"\"b\""),
            ("straße", "\"straße\""),
        ] {
            assert_eq!(quote(name), expected);
        }
        assert_eq!(qualified("public", "t"), "t");
        assert_eq!(qualified("Shop", "order"), "\"Shop\".\"order\"");
    }

    #[test]
    fn long_names_are_cut_where_the_server_does() {
        let long = "a".repeat(60);
        assert_eq!(chosen("t", "id", "seq"), "t_id_seq");
        assert_eq!(chosen("t", "", "pkey"), "t_pkey");
        let expected = format!("{}_{}_seq", "a".repeat(29), "a".repeat(29));
        assert_eq!(chosen(&long, &long, "seq"), expected);
        let expected = format!("{}_id_seq", "a".repeat(56));
        assert_eq!(chosen(&long, "id", "seq"), expected);
    }
}
