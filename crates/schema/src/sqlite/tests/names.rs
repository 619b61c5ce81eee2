//! The names that constraints answer to; those without a name have the one that PostgreSQL 15 gives
//! them.

use alembic_sql::TableOutline;

use crate::sqlite::names::constraints;

#[test]
fn constraints_answer_to_the_names_of_postgres() {
    for (sql, expected) in [
        (
            "CREATE TABLE n1 (id int PRIMARY KEY, email text UNIQUE, age int CHECK (age > 0), \
             boss int REFERENCES n1)",
            &["n1_pkey", "n1_email_key", "n1_age_check", "n1_boss_fkey"][..],
        ),
        (
            "CREATE TABLE n2 (a int, b int, UNIQUE (a, b), CHECK (a > b), CHECK (a > 0), \
             CHECK (a < 9), FOREIGN KEY (a) REFERENCES n1, FOREIGN KEY (a) REFERENCES n1 (id), \
             PRIMARY KEY (a, b))",
            &[
                "n2_a_b_key",
                "n2_check",
                "n2_a_check",
                "n2_a_check1",
                "n2_a_fkey",
                "n2_a_fkey1",
                "n2_pkey",
            ],
        ),
        (
            "CREATE TABLE n3 (a int CHECK (true), b int CHECK (a > 0), c text CHECK (c = 'a'), \
             CHECK (1 > 0), CHECK (2 > 0))",
            &[
                "n3_check",
                "n3_a_check",
                "n3_c_check",
                "n3_check1",
                "n3_check2",
            ],
        ),
        (
            "CREATE TABLE a_table_with_a_name_that_is_quite_long_for_postgres \
             (a_column_with_a_name_that_is_quite_long int UNIQUE \
             CHECK (a_column_with_a_name_that_is_quite_long > 0))",
            &[
                "a_table_with_a_name_that_is_q_a_column_with_a_name_that_is__key",
                "a_table_with_a_name_that_is__a_column_with_a_name_that_is_check",
            ],
        ),
        (
            "CREATE TABLE n5 (a int CONSTRAINT n5_b_check CHECK (a > 0), b int CHECK (b > 0), \
             c int CONSTRAINT x UNIQUE, UNIQUE (b), UNIQUE (c, b), UNIQUE (a, b, c))",
            &[
                "n5_b_check",
                "n5_b_check1",
                "x",
                "n5_b_key",
                "n5_c_b_key",
                "n5_a_b_c_key",
            ],
        ),
        (
            "CREATE TABLE \"N6 x\" (\"C d\" int UNIQUE, \"e\" int CHECK (\"e\" > 0))",
            &["N6 x_C d_key", "N6 x_e_check"],
        ),
        (
            "CREATE TABLE n7 (a int UNIQUE, b int, UNIQUE (b, a), CHECK (a > 0 AND a < 5), \
             CHECK (length(b) > 0), CHECK (n7.a <> 3), CHECK (a = b))",
            &[
                "n7_a_key",
                "n7_b_a_key",
                "n7_a_check",
                "n7_b_check",
                "n7_a_check1",
                "n7_check",
            ],
        ),
        (
            "CREATE TABLE \"größe_größe_größe_größe_größe_größe_größe\" \
             (\"länge_länge_länge_länge_länge\" int UNIQUE)",
            &["größe_größe_größe_grö_länge_länge_länge_länge_l_key"],
        ),
        (
            "CREATE TABLE n9 (aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa int, \
             bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb int, cccccccccccccccccccc int, \
             UNIQUE (aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, \
             bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb, cccccccccccccccccccc))",
            &["n9_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_bbbbbbbbbbbbbbbbb_key"],
        ),
        (
            "CREATE TABLE n13 (check_ int CHECK (check_ IN (1, 2)), \"select\" int \
             CHECK (\"select\" > 0))",
            &["n13_check__check", "n13_select_check"],
        ),
    ] {
        let outline = TableOutline::read(sql).expect("a table that SQLite can create");
        let names: Vec<String> = constraints(sql, &outline)
            .into_iter()
            .filter_map(|named| named.name)
            .collect();
        assert_eq!(names, expected, "{sql}");
    }
}
