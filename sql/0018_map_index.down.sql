DROP TABLE app.map_gram, app.map_reference, app.map_symbol, app.map_edge, app.map_file, app.map_index;
