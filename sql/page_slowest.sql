-- page_facts.c: read_slowest: of the newest :newest decisions of the period
-- the slowest, so that a look at ninety days costs no more than at one
SELECT id, received_us, coalesce(interaction_id, ''),
       coalesce(media_type, ''), coalesce(sku, ''),
       coalesce(inventory_status, ''), outcome, status, total_us
  FROM (SELECT *
          FROM decision
         WHERE received_us >= :from_us AND received_us < :to_us
           AND replaced_by IS NULL
         ORDER BY received_us DESC
         LIMIT :newest)
 ORDER BY total_us DESC, id
 LIMIT :limit;
