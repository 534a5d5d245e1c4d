-- rollup_fold.c: move_mark: what was to be taken out has been
DELETE FROM rollup_undo;
