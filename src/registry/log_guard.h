// Log guards: what a store itself is told of the audit log's tables: they take more entries, and nothing else. It keeps
// mistakes away; against somebody who drops these triggers, the hashes are what helps.
#pragma once

#include <string_view>

namespace cotter::registry {

inline constexpr std::string_view kSqliteLogGuard = R"sql(
CREATE TRIGGER log_entries_stay_as_they_are BEFORE UPDATE ON log_entries
BEGIN SELECT RAISE(ABORT, 'an entry of the audit log is never changed'); END;
CREATE TRIGGER log_entries_stay BEFORE DELETE ON log_entries
WHEN OLD.sequence >= (SELECT pruned FROM log_head)
BEGIN SELECT RAISE(ABORT, 'an entry of the audit log is removed by pruning alone'); END;
CREATE TRIGGER log_head_grows BEFORE UPDATE ON log_head
WHEN NEW.size < OLD.size OR NEW.pruned < OLD.pruned OR NEW.origin <> OLD.origin
BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
CREATE TRIGGER log_head_stays BEFORE DELETE ON log_head
BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
CREATE TRIGGER log_tiles_stay BEFORE DELETE ON log_tiles
BEGIN SELECT RAISE(ABORT, 'the hashes of the audit log are kept'); END;
)sql";

inline constexpr std::string_view kPostgresqlLogGuard = R"sql(
CREATE FUNCTION refuse_log_change() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN RAISE EXCEPTION 'an entry of the audit log is never changed, and removed by pruning alone'; END $guard$;
CREATE TRIGGER log_entries_stay_as_they_are BEFORE UPDATE ON log_entries
FOR EACH ROW EXECUTE FUNCTION refuse_log_change();
CREATE FUNCTION keep_log_entry() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    IF OLD.sequence >= (SELECT pruned FROM log_head) THEN
        RAISE EXCEPTION 'an entry of the audit log is removed by pruning alone';
    END IF;
    RETURN OLD;
END $guard$;
CREATE TRIGGER log_entries_stay BEFORE DELETE ON log_entries FOR EACH ROW EXECUTE FUNCTION keep_log_entry();
CREATE TRIGGER log_head_grows BEFORE UPDATE ON log_head FOR EACH ROW
WHEN (NEW.size < OLD.size OR NEW.pruned < OLD.pruned OR NEW.origin <> OLD.origin)
EXECUTE FUNCTION refuse_log_change();
CREATE TRIGGER log_head_stays BEFORE DELETE ON log_head FOR EACH ROW EXECUTE FUNCTION refuse_log_change();
CREATE TRIGGER log_tiles_stay BEFORE DELETE ON log_tiles FOR EACH ROW EXECUTE FUNCTION refuse_log_change();
CREATE TRIGGER log_entries_are_not_emptied BEFORE TRUNCATE ON log_entries EXECUTE FUNCTION refuse_log_change();
CREATE TRIGGER log_tiles_are_not_emptied BEFORE TRUNCATE ON log_tiles EXECUTE FUNCTION refuse_log_change();
CREATE TRIGGER log_head_is_not_emptied BEFORE TRUNCATE ON log_head EXECUTE FUNCTION refuse_log_change();
)sql";

}  // namespace cotter::registry
