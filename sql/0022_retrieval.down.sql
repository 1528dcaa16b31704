DROP TABLE app.search_term, app.search_chunk, app.search_file, app.search_segment, app.search_state, app.document;
