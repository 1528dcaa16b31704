-- An index that is not needed any more becomes that of a newer map, by the rows that differ.

ALTER TABLE app.map_index
    ADD COLUMN print text CHECK (length(print) = 16),
    ADD COLUMN edges_sum text CHECK (length(edges_sum) = 16);
COMMENT ON COLUMN app.map_index.print IS 'Stands for all but the commit that decides about the rows; null: something was out of reach, no other index is made of this one';
COMMENT ON COLUMN app.map_index.edges_sum IS 'Stands for all rows of map_edge';
GRANT UPDATE (symbols, print, edges_sum) ON app.map_index TO portolan_runner;
