-- rollup_fold.c: move_mark: the rows up to :upto_id are in the sums
UPDATE rollup_state SET upto_id = max(upto_id, :upto_id);
