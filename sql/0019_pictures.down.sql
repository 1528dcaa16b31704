DROP TABLE app.map_diff;
DROP TABLE app.map_part;
