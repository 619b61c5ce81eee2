//! The macro that makes tests of the scenarios.

/// Makes a test of each scenario for one driver, in the module where it stands.
///
/// Every driver passes the scenarios without a name; the others need a capability, and the driver
/// names those that it has:
///
/// - `outside`: it runs sections outside of transactions, on PostgreSQL with a second connection;
/// - `connection`: it takes one connection, on which the application does other things, too;
/// - `pool`: it takes a pool of connections, and is a [`PoolSubject`](crate::PoolSubject);
/// - `sqlite`: its databases are SQLite files;
/// - `reference`: there is another driver for SQLite files, whose results must be equal.
#[macro_export]
macro_rules! driver_suite {
    ($subject:ty $(: $($capability:ident),+ $(,)?)?) => {
        $crate::driver_suite!(@all $subject);
        $($($crate::driver_suite!(@$capability $subject);)+)?
    };
    (@scenarios $subject:ty; $($module:tt $($scenario:ident),+;)+) => {
        $($($crate::driver_suite!(@scenario $subject; $module $scenario);)+)+
    };
    (@scenario $subject:ty; [$($module:tt)+] $scenario:ident) => {
        #[test]
        fn $scenario() {
            $crate::$($module)+::$scenario::<$subject>();
        }
    };
    (@all $subject:ty) => {
        $crate::driver_suite! { @scenarios $subject;
            [failures]
                a_run_that_fails_leaves_the_database_as_before,
                a_run_per_revision_leaves_the_last_whole_revision,
                failures_are_placed_in_the_file;
            [unwinding]
                an_observer_that_panics_leaves_nothing_behind;
            [hostile]
                hostile_statements_are_harmless_or_told,
                hostile_statements_are_undone_when_a_later_one_fails,
                statements_that_end_transactions_are_found_when_files_are_read;
            [statements]
                statements_that_return_rows_are_run_to_their_end,
                line_endings_and_a_byte_order_mark_do_not_matter,
                a_parameter_is_never_a_value,
                a_statement_may_be_long,
                a_history_may_be_long;
            [version_table]
                what_is_no_version_table_is_left_alone,
                rows_that_make_no_sense_are_told,
                a_name_in_another_case_is_the_same_table,
                purging_removes_whatever_is_there,
                two_sets_share_a_database,
                the_version_table_may_be_in_another_schema,
                a_name_that_would_be_another_table_is_refused,
                a_schema_that_is_missing_is_told;
            [reading]
                what_only_reads_leaves_the_database_alone,
                what_writes_is_refused_by_a_database_that_is_read_only;
            [handover]
                the_rows_of_alembics_databases_are_read,
                what_alembic_makes_of_its_databases_is_made_of_them,
                a_database_that_we_create_is_as_alembic_creates_it;
            [log]
                what_ran_is_compared_with_the_files,
                what_is_missing_is_applied_below_the_rows,
                rows_that_somebody_else_moved_are_adopted,
                what_did_not_run_is_logged_as_that,
                what_is_edited_may_be_told_only,
                a_log_that_is_switched_off_stays_true,
                only_the_way_back_that_was_shown_is_run,
                digests_of_an_earlier_version_show_no_edits;
            [races]
                each_revision_is_applied_once,
                each_takes_one_step_further,
                up_and_down_at_once_end_at_a_revision;
            [described]
                nothing_is_nothing,
                the_same_schema_is_the_same_text,
                a_schema_is_data_without_what_belongs_to_runs;
            [verified]
                drift_is_data,
                a_start_can_verify,
                only_an_empty_database_is_replayed_into,
                crates_below_are_replayed_first;
        }

        #[test]
        fn processes_race_as_threads_do() {
            // The name of a test begins below the name of its crate.
            let (_, module) = module_path!().split_once("::").unwrap_or_default();
            let test = format!("{module}::processes_race_as_threads_do");
            $crate::races::processes_race_as_threads_do::<$subject>(&test);
        }
    };
    (@outside $subject:ty) => {
        $crate::driver_suite! { @scenarios $subject;
            [failures]
                a_run_with_a_section_outside_tells_what_stays,
                a_section_outside_stays_on_record_when_a_later_revision_fails,
                a_first_statement_outside_that_fails_leaves_nothing;
            [hostile]
                a_version_table_in_the_first_revision_is_told;
            [unfinished]
                the_next_run_goes_on,
                what_is_done_may_not_change,
                nothing_else_is_done_before,
                a_stamp_says_what_is_done,
                a_statement_that_may_have_happened_is_for_the_user_to_decide,
                a_downgrade_goes_on_as_an_upgrade_does,
                what_fails_after_it_has_done_something_may_have_happened,
                what_is_unfinished_is_told;
        }
    };
    (@connection $subject:ty) => {
        $crate::driver_suite! { @scenarios $subject;
            [version_table]
                temporary_objects_hide_the_version_table;
            [transactions]
                a_transaction_of_the_caller_is_not_touched;
        }
    };
    (@pool $subject:ty) => {
        $crate::driver_suite! { @scenarios $subject;
            [races]
                a_pool_is_shared;
        }
    };
    (@sqlite $subject:ty) => {
        $crate::driver_suite! { @scenarios $subject;
            [sqlite::foreign_keys]
                a_rebuild_keeps_the_rows_that_refer_to_the_table,
                rows_that_would_refer_to_nothing_are_refused,
                a_section_outside_and_what_precedes_it_are_checked_too,
                rows_that_refer_to_nothing_already_are_not_held_against_a_run,
                what_does_not_work_is_refused_unless_it_was_there,
                rows_are_compared_and_not_counted,
                rows_dangle_as_sqlite_compares_them,
                many_rows_that_refer_to_nothing_are_compared,
                attached_databases_are_checked_too,
                a_key_that_can_refer_to_nothing_is_not_held_against_a_run,
                every_other_key_is_checked_next_to_one_that_cannot_be_enforced,
                a_new_key_that_cannot_be_enforced_is_refused,
                a_new_key_that_cannot_be_enforced_is_refused_without_any_row;
            [sqlite::statements]
                pragmas_and_explanations_are_run_to_their_end,
                every_kind_of_object_can_be_created,
                parameters_are_refused,
                a_database_in_memory_is_upgraded_and_downgraded;
            [sqlite::broken_files]
                damaged_files_are_told_and_left_alone,
                random_damage_is_survived;
            [sqlite::locks]
                a_database_that_somebody_else_locks_is_left_alone,
                a_statement_outside_of_transactions_waits_as_long_as_the_rest,
                a_lock_that_is_released_in_time_only_delays;
            [sqlite::settings]
                settings_are_restored,
                what_a_revision_sets_ends_with_it,
                a_revision_that_fails_leaves_no_settings,
                a_revision_goes_on_with_what_it_has_set,
                a_database_cannot_be_attached_in_a_transaction,
                a_journal_mode_stays_if_the_file_keeps_it,
                an_attached_database_keeps_its_journal_mode,
                a_connection_that_keeps_no_journal_is_refused;
            [sqlite::described]
                a_schema_is_described;
            [sqlite::alter]
                a_change_of_a_table_loses_nothing;
        }
    };
    (@reference $subject:ty) => {
        $crate::driver_suite! { @scenarios $subject;
            [handover]
                every_driver_makes_the_same_of_alembics_databases;
            [sqlite::statements]
                every_driver_makes_the_same_of_every_kind_of_statement;
            [sqlite::same]
                every_driver_makes_the_same_of_every_version_table,
                every_driver_makes_the_same_of_every_step;
        }
    };
}
