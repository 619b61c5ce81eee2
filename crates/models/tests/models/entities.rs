//! What the entities of sea-orm state.

use alembic_models::Dialect;
use alembic_tests::Database;

use crate::source::Source;

/// Compares the DDL of entities with its snapshot, and runs it, if they can be read on the engine.
#[track_caller]
fn check(name: &str, text: &str) {
    let source = Source::new(text).with_entities();
    let mut shown = format!("{}\n", text.trim());
    match source.scan("shop", &[]) {
        Ok(models) => {
            for dialect in Dialect::ALL {
                shown += &format!("\n-- {dialect}\n");
                match models.sql(*dialect) {
                    Ok(sql) => {
                        shown += &sql;
                        Database::new(*dialect).execute(&sql);
                    }
                    Err(faults) => shown += &source.show(&faults),
                }
            }
            for rename in models.renames() {
                shown += &format!("\n{rename:?}");
            }
            for left in models.left() {
                shown += &format!("\nleft: {}.{}", left.table, left.column);
            }
        }
        Err(faults) => shown += &format!("\n{}", source.show(&faults)),
    }
    insta::assert_snapshot!(name, shown);
}

const COMPACT: &str = "
mod prelude;
mod user;
mod post;
//- src/prelude.rs
pub use super::user::Entity as Users;
//- src/user.rs
use sea_orm::entity::prelude::*;
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Eq)]
#[sea_orm(table_name = \"user\", comment = \"Who writes\")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    #[sea_orm(column_type = \"Text\", unique)]
    pub email: String,
    #[sea_orm(column_type = \"Decimal(Some((10, 2)))\", nullable)]
    pub balance: Option<Decimal>,
    pub status: Option<Status>,
    pub created_at: DateTimeWithTimeZone,
}
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(has_many = \"super::post::Entity\")]
    Post,
}
#[derive(Debug, Clone, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = \"String\", db_type = \"Enum\", enum_name = \"user_status\")]
pub enum Status {
    #[sea_orm(string_value = \"new\")]
    New,
    #[sea_orm(string_value = \"it's gone\")]
    Gone,
}
//- src/post.rs
use sea_orm::entity::prelude::*;
use crate::prelude::Users;
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = \"post\", schema_name = \"blog\")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub author_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    pub parent_author: Option<i64>,
    pub parent_number: Option<i32>,
    pub body: Json,
}
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = \"super::user::Entity\"
        from = \"Column::AuthorId\"
        to = \"super::user::Column::Id\"
        on_update = \"NoAction\", on_delete = \"Cascade\")]
    User,
    #[sea_orm(belongs_to = \"Users\", from = \"Column::AuthorId\", to = \"super::user::Column::Id\")]
    Same,
    #[sea_orm(belongs_to = \"Users\", from = \"Column::Number\", to = \"super::user::Column::Balance\")]
    NoKey,
    #[sea_orm(belongs_to = \"Users\", from = \"Column::Number\", to = \"super::user::Column::Id\", skip_fk)]
    Skipped,
    #[sea_orm(
        belongs_to = \"Entity\",
        from = \"(Column::ParentAuthor, Column::ParentNumber)\",
        to = \"(Column::AuthorId, Column::Number)\",
        on_delete = \"SetNull\",
        fk_name = \"parent\"
    )]
    Parent,
}
";

/// The format of sea-orm 1, as its command writes it from a database.
#[test]
fn relations_as_an_enum() {
    check("compact", COMPACT);
}

const EXPANDED: &str = "
mod prelude;
mod user;
mod post;
//- src/prelude.rs
pub use super::user::Entity as Users;
//- src/user.rs
use sea_orm::entity::prelude::*;
#[derive(Copy, Clone, Default, Debug, DeriveEntity)]
pub struct Entity;
impl EntityName for Entity {
    fn table_name(&self) -> & 'static str {
        \"user\"
    }
    fn comment(&self) -> Option<&str> { Some(\"Who writes\") }
}
#[derive(Clone, Debug, PartialEq, DeriveModel, DeriveActiveModel, Eq)]
pub struct Model {
    pub id: i64,
    pub email: String,
    pub balance: Option<Decimal> ,
    pub status: Option<Status> ,
    pub created_at: DateTimeWithTimeZone,
}
#[derive(Copy, Clone, Debug, EnumIter, DeriveColumn)]
pub enum Column {
    Id,
    Email,
    Balance,
    Status,
    CreatedAt,
}
#[derive(Copy, Clone, Debug, EnumIter, DerivePrimaryKey)]
pub enum PrimaryKey {
    Id,
}
impl PrimaryKeyTrait for PrimaryKey {
    type ValueType = i64;
    fn auto_increment() -> bool {
        true
    }
}
#[derive(Copy, Clone, Debug, EnumIter)]
pub enum Relation {
    Post,
}
impl ColumnTrait for Column {
    type EntityName = Entity;
    fn def(&self) -> ColumnDef {
        match self {
            Self::Id => ColumnType::BigInteger.def(),
            Self::Email => ColumnType::Text.def().unique(),
            Self::Balance => ColumnType::Decimal(Some((10u32, 2u32))).def().null(),
            Self::Status => Status::db_type().get_column_type().to_owned().def().null(),
            Self::CreatedAt => ColumnType::TimestampWithTimeZone.def(),
        }
    }
}
impl RelationTrait for Relation {
    fn def(&self) -> RelationDef {
        match self {
            Self::Post => Entity::has_many(super::post::Entity).into(),
        }
    }
}
impl Related<super::post::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Post.def()
    }
}
#[derive(Debug, Clone, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = \"String\", db_type = \"Enum\", enum_name = \"user_status\")]
pub enum Status {
    #[sea_orm(string_value = \"new\")]
    New,
    #[sea_orm(string_value = \"it's gone\")]
    Gone,
}
impl ActiveModelBehavior for ActiveModel {}
//- src/post.rs
use sea_orm::entity::prelude::*;
use crate::prelude::Users;
#[derive(Copy, Clone, Default, Debug, DeriveEntity)]
pub struct Entity;
impl EntityName for Entity {
    fn schema_name(&self) -> Option< &str > {
        Some(\"blog\")
    }
    fn table_name(&self) -> & 'static str {
        \"post\"
    }
}
#[derive(Clone, Debug, PartialEq, DeriveModel, DeriveActiveModel)]
pub struct Model {
    pub author_id: i64,
    pub number: i32,
    pub parent_author: Option<i64> ,
    pub parent_number: Option<i32> ,
    pub body: Json,
}
#[derive(Copy, Clone, Debug, EnumIter, DeriveColumn)]
pub enum Column {
    AuthorId,
    Number,
    ParentAuthor,
    ParentNumber,
    Body,
}
#[derive(Copy, Clone, Debug, EnumIter, DerivePrimaryKey)]
pub enum PrimaryKey {
    AuthorId,
    Number,
}
impl PrimaryKeyTrait for PrimaryKey {
    type ValueType = (i64, i32);
    fn auto_increment() -> bool {
        false
    }
}
#[derive(Copy, Clone, Debug, EnumIter)]
pub enum Relation { User, Same, NoKey, Skipped, Parent, Reversed }
impl ColumnTrait for Column {
    type EntityName = Entity;
    fn def(&self) -> ColumnDef {
        match self {
            Self::AuthorId => ColumnType::BigInteger.def(),
            Self::Number => ColumnType::Integer.def(),
            Self::ParentAuthor => ColumnType::BigInteger.def().null(),
            Self::ParentNumber => ColumnType::Integer.def().null(),
            Self::Body => ColumnType::Json.def(),
        }
    }
}
impl RelationTrait for Relation {
    fn def(&self) -> RelationDef {
        match self {
            Self::User => Entity::belongs_to(super::user::Entity)
                .from(Column::AuthorId)
                .to(super::user::Column::Id)
                .on_update(ForeignKeyAction::NoAction)
                .on_delete(ForeignKeyAction::Cascade)
                .into(),
            Self::Same => Entity::belongs_to(Users)
                .from(Column::AuthorId)
                .to(super::user::Column::Id)
                .into(),
            Self::NoKey => Entity::belongs_to(Users)
                .from(Column::Number)
                .to(super::user::Column::Balance)
                .into(),
            Self::Skipped => {
                Entity::belongs_to(Users).skip_fk().from(Column::Number).to(super::user::Column::Id).into()
            }
            Self::Parent => Entity::belongs_to(Entity)
                .from((Column::ParentAuthor, Column::ParentNumber))
                .to((Column::AuthorId, Column::Number))
                .on_delete(sea_orm::sea_query::ForeignKeyAction::SetNull)
                .fk_name(\"parent\")
                .into(),
            Self::Reversed => super::user::Relation::Post.def().rev(),
        }
    }
}
impl ActiveModelBehavior for ActiveModel {}
";

/// The format of `--expanded-format`, with all that it writes and some of what is added by hand.
#[test]
fn entities_that_are_written_out() {
    let [compact, expanded] = [COMPACT, EXPANDED].map(|text| {
        let source = Source::new(text).with_entities();
        source
            .scan("shop", &[])
            .unwrap_or_else(|faults| panic!("{}", source.show(&faults)))
    });
    for dialect in Dialect::ALL {
        assert_eq!(
            expanded.sql(*dialect).unwrap(),
            compact.sql(*dialect).unwrap()
        );
    }
}

/// What only hands write: other names, definitions with more methods, relations of a compact entity.
#[test]
fn parts_of_entities_by_hand() {
    check(
        "by_hand",
        "
pub mod fruit {
    use sea_orm::entity::prelude::*;
    #[derive(Copy, Clone, Default, Debug, DeriveEntity)]
    #[sea_orm(table_name = \"fruit\", column = \"Field\", model = \"Fruit\", primary_key = \"Key\")]
    pub struct Entity;
    #[derive(Clone, Debug, DeriveModel, DeriveActiveModel)]
    pub struct Fruit {
        pub id: i32,
        pub part: i32,
        pub r#type: Kind,
        pub self_: String,
        pub label: Option<String>,
        pub other: Hidden,
        #[cfg(test)] pub test: String,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveColumn)]
    pub enum Field {
        Id,
        Part,
        Type,
        Self_,
        #[sea_orm(column_name = \"Caption\")]
        Label,
        Other,
        #[cfg(test)] Test,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DerivePrimaryKey)]
    pub enum Key { Part, Id }
    impl PrimaryKeyTrait for Key { type ValueType = (i32, i32); fn auto_increment() -> bool { false } }
    impl ColumnTrait for Field {
        type EntityName = Entity;
        fn def(&self) -> ColumnDef {
            return match *self {
                Field::Id | Field::Part => (ColumnType::Integer).def(),
                Field::Type => Kind::db_type().indexed(),
                Field::Self_ => ColumnType::String(StringLen::N(5)).def().unique_key(\"a\").default_value(\"a b\"),
                Field::Label => ColumnType::Text.def().nullable().default(Expr::cust(\"'a  b'\")).comment(\"It\"),
                Field::Other => ColumnType::custom(\"text\").def().renamed_from(\"before\").extra(\"CHECK (other <> '')\"),
            };
        }
    }
    #[derive(DeriveActiveEnum)]
    #[sea_orm(rs_type = \"i32\", db_type = \"Integer\")]
    pub enum Kind { #[sea_orm(num_value = 0)] Small }
    pub struct Hidden;
    #[derive(Copy, Clone, Debug, EnumIter)]
    pub enum Relation {}
    impl RelationTrait for Relation { fn def(&self) -> RelationDef { panic!(\"No RelationDef\") } }
}
pub mod seed {
    use sea_orm::entity::prelude::*;
    #[derive(DeriveEntityModel)]
    #[sea_orm(table_name = \"seed_of_a_name_that_is_longer_than_what_postgresql_keeps\")]
    pub struct Model { #[sea_orm(primary_key)] pub id: i32, #[sea_orm(indexed)] pub parent_id: Option<i32> }
    #[derive(Copy, Clone, Debug, EnumIter)]
    pub enum Relation { Parent }
    impl RelationTrait for Relation {
        fn def(&self) -> RelationDef {
            match self { Self::Parent => Entity::belongs_to(Entity).from(Column::ParentId).to(Column::Id).on_delete(ForeignKeyAction::Cascade).into() }
        }
    }
}
",
    );
}

/// The format of sea-orm 2, and everything that a column can say.
#[test]
fn relations_as_fields() {
    check(
        "dense",
        "
use sea_orm::entity::prelude::*;
pub mod team {
    use sea_orm::entity::prelude::*;
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = \"team\")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: TeamId,
        #[sea_orm(has_many)]
        pub members: HasMany<super::member::Entity>,
    }
    #[derive(Clone, Debug, PartialEq, Eq, DeriveValueType)]
    pub struct TeamId(pub i32);
}
pub mod member {
    use sea_orm::entity::prelude::*;
    type Score = f64;
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = \"member\", rename_all = \"camelCase\")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: Uuid,
        pub team_id: Option<super::team::TeamId>,
        #[sea_orm(belongs_to, from = \"team_id\", to = \"id\", on_delete = \"Cascade\")]
        pub team: BelongsTo<Option<super::team::Entity>>,
        #[sea_orm(self_ref, relation_enum = \"Boss\", from = \"boss_id\", to = \"id\")]
        pub boss: HasOne<Entity>,
        pub boss_id: Option<Uuid>,
        #[sea_orm(unique_key = \"name\", default_value = \"\")]
        pub first_name: String,
        #[sea_orm(unique_key = \"name\", indexed, comment = \"It's a name\")]
        pub last_name: String,
        #[sea_orm(default_value = -1, renamed_from = \"rank\", extra = \"CHECK (level > -2)\")]
        pub level: i16,
        #[sea_orm(default_expr = \"Expr::current_timestamp()\", column_name = \"joined\")]
        pub joined_at: DateTime,
        pub score: Score,
        pub r#type: Kind,
        #[sea_orm(enum_name = \"Why\", default_value = true)]
        pub reason: bool,
        pub settings: Settings,
        #[sea_orm(ignore)]
        pub computed: Option<String>,
        #[sea_orm(select_as = \"text\", column_type = \"custom(\\\"text\\\")\")]
        pub secret: String,
    }
    #[derive(Debug, Clone, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = \"i32\", db_type = \"Integer\")]
    pub enum Kind { #[sea_orm(num_value = 0)] Small, #[sea_orm(num_value = 1)] Big }
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
    pub struct Settings { pub dark: bool }
}
",
    );
}

/// Every type, where SQLite has it.
#[test]
fn types() {
    check(
        "entity_types",
        "
#[derive(DeriveEntityModel)]
#[sea_orm(table_name = \"t\")]
pub struct Model {
    #[sea_orm(primary_key)] pub id: i32,
    pub a: i8, pub b: i16, pub c: i64, pub d: u8, pub e: u16, pub f: u32, pub g: u64,
    pub h: f32, pub i: f64, pub j: bool, pub k: char, pub l: String, pub m: Vec<u8>,
    pub n: Date, pub o: Time, pub p: chrono::NaiveDateTime, pub q: DateTime<Utc>, pub r: DateTimeUtc,
    pub s: time::OffsetDateTime, pub t: Decimal, pub u: uuid::Uuid, pub v: serde_json::Value,
    pub w: TextUuid, pub x: Option<TimeDateTime>,
    #[sea_orm(column_type = \"Char(Some(3))\")] pub aa: String,
    #[sea_orm(column_type = \"String(StringLen::N(255))\")] pub ab: String,
    #[sea_orm(column_type = \"String(Some(25))\")] pub ac: String,
    #[sea_orm(column_type = \"String(StringLen::None)\")] pub ad: String,
    #[sea_orm(column_type = \"Timestamp\")] pub ae: DateTime,
    #[sea_orm(column_type = \"Binary(16)\")] pub af: Vec<u8>,
    #[sea_orm(column_type = \"VarBinary(StringLen::N(16))\")] pub ag: Vec<u8>,
    #[sea_orm(column_type = \"Blob\")] pub ah: Vec<u8>,
    #[sea_orm(column_type = \"var_binary(32)\")] pub ag2: Vec<u8>,
    #[sea_orm(column_type = \"JsonBinary\")] pub ai: Json,
    #[sea_orm(column_type = \"Money(None)\")] pub aj: Decimal,
    #[sea_orm(column_type = \"Custom(\\\"text\\\".to_owned())\")] pub ak: Anything,
}
",
    );
    check(
        "entity_types_of_postgres",
        "
#[derive(DeriveEntityModel)]
#[sea_orm(table_name = \"t\")]
pub struct Model {
    #[sea_orm(primary_key)] pub id: i32,
    pub a: Vec<String>, pub b: Option<Vec<Option<i32>>>, pub c: IpNetwork, pub d: MacAddress,
    #[sea_orm(column_type = \"Inet\")] pub e: IpNetwork,
    #[sea_orm(column_type = \"Array(RcOrArc::new(ColumnType::Uuid))\")] pub f: Vec<Uuid>,
    #[sea_orm(column_type = \"Array(std::sync::Arc::new(ColumnType::String(StringLen::N(9))))\")] pub g: Vec<String>,
    #[sea_orm(column_type = \"Bit(Some(3))\")] pub h: Vec<u8>,
    #[sea_orm(column_type = \"Interval(None, None)\")] pub i: String,
    pub j: Option<Vec<Kind>>, pub k: Vec<Option<Level>>, pub l: Levels,
}
#[derive(DeriveActiveEnum)]
#[sea_orm(rs_type = \"String\", db_type = \"Enum\", enum_name = \"kind\")]
pub enum Kind { #[sea_orm(string_value = \"new\")] New }
#[derive(DeriveValueType)] pub struct Level(pub i16);
#[derive(DeriveValueType)] pub struct Levels(pub Vec<Level>);
",
    );
}

/// Everything that cannot be read, with its place.
#[test]
fn what_cannot_be_read() {
    check(
        "entity_faults",
        "
mod expanded {
    #[derive(Copy, Clone, Default, Debug, DeriveEntity)]
    pub struct Entity;
}
mod written_out {
    #[derive(DeriveEntity)]
    pub struct Entity;
    impl EntityName for Entity { fn table_name(&self) -> &'static str { NAME } }
    #[derive(DeriveModel)]
    pub struct Model { pub a: i32 }
    pub enum Column { A, B, C, D }
    pub enum PrimaryKey { A }
    impl ColumnTrait for Column {
        fn def(&self) -> ColumnDef {
            match self {
                Self::A => ColumnType::Integer.def().loud(),
                Self::B => definition(),
                _ => ColumnType::Text.def(),
            }
        }
    }
    impl RelationTrait for Relation {
        fn def(&self) -> RelationDef {
            match self {
                Self::A => Entity::belongs_to(super::nowhere::Entity).from(Column::A).to(Column::B).into(),
                Self::B => relation(),
                Self::C => Entity::belongs_to(entity()).from(Column::A).to(Column::B).into(),
                Self::D => Entity::belongs_to(super::wrong::Entity).into(),
            }
        }
    }
}
mod nameless {
    #[derive(DeriveEntityModel)]
    pub struct Model { #[sea_orm(primary_key)] pub id: i32 }
}
mod wrong {
    #[derive(DeriveEntityModel)]
    #[sea_orm(table_name = \"wrong\", rename_all = \"loud\")]
    pub struct Model {
        #[sea_orm(primary_key)] pub id: i32,
        pub a: Unknown,
        pub b: Hidden,
        #[sea_orm(column_type = \"Strnig(3)\")] pub c: String,
        #[sea_orm(column_type = \"Custom(SeaRc::new(Blob))\")] pub d: String,
        #[sea_orm(default_expr = \"now()\")] pub e: DateTime,
        #[sea_orm(extra = \"COLLATE x\")] pub f: String,
        #[sea_orm(column_name = name)] pub g: String,
        #[sea_orm(column_type = \"String(\")] pub h: String,
        #[sea_orm(belongs_to, from = \"a\")] pub i: BelongsTo<super::nowhere::Entity>,
        #[cfg(unix)] pub j: String,
    }
    #[derive(DeriveRelation)]
    pub enum Relation {
        #[sea_orm(belongs_to = \"super::nowhere::Entity\", from = \"Column::A\", to = \"Column::B\")] A,
        #[sea_orm(belongs_to = \"Entity\", from = \"Column::A\", to = \"Column::B\", on_delete = \"Drop\")] B,
        #[sea_orm(belongs_to = \"Entity\", from = \"Column::A\")] C,
    }
    #[derive(DeriveActiveEnum)]
    #[sea_orm(rs_type = \"String\", db_type = \"Enum\")]
    pub enum Kind { A }
}
mod hidden {
    pub struct Hidden;
    fn f() { #[derive(DeriveEntityModel)] #[sea_orm(table_name = \"x\")] struct Model { id: i32 } }
}
mod lost {
    use super::hidden::Hidden;
    #[derive(DeriveEntityModel)]
    #[sea_orm(table_name = \"lost\")]
    pub struct Model { #[sea_orm(primary_key)] pub id: i32, pub a: Hidden }
    #[derive(DeriveRelation)]
    pub enum Relation {
        #[sea_orm(belongs_to = \"super::nowhere::Entity\", from = \"Column::A\", to = \"Column::B\")] A,
    }
}
",
    );
}

/// Structs with derives of this tool are none of the entities, and the other way round.
#[test]
fn either_grammar_reads_its_own() {
    let text = "#[derive(alembic_migrate::Table, DeriveEntityModel)]
                #[table(name = \"ours\")]
                #[sea_orm(table_name = \"theirs\")]
                struct Model { #[column(identity)] #[sea_orm(primary_key)] id: i32 }";
    for (source, expected) in [
        (Source::new(text), "ours"),
        (Source::new(text).with_entities(), "theirs"),
    ] {
        let models = source.scan("shop", &[]).unwrap();
        let names: Vec<&str> = models.tables().map(|table| table.name).collect();
        assert_eq!(names, [expected]);
    }
}
