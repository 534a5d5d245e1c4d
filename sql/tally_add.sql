-- tally_keeper.c: add_change
INSERT INTO tally (name, label, value)
VALUES (:name, :label, :times)
    ON CONFLICT (name, label) DO UPDATE
   SET value = value + excluded.value;
