-- Of the tables with most of the data: merges read and write a few hundred kilobytes of each part at a time instead of
-- up to ten megabytes. What they take is then much the same for a day and for years. The fewer rows at once, the larger
-- the rows of a table are.
ALTER TABLE commits MODIFY SETTING merge_max_block_size = 1024, merge_max_block_size_bytes = 262144;
ALTER TABLE file_changes MODIFY SETTING merge_max_block_size = 1024, merge_max_block_size_bytes = 262144;
ALTER TABLE patches MODIFY SETTING merge_max_block_size = 32, merge_max_block_size_bytes = 262144;
ALTER TABLE file_overflow MODIFY SETTING merge_max_block_size = 1024, merge_max_block_size_bytes = 262144;
ALTER TABLE patch_overflow MODIFY SETTING merge_max_block_size = 32, merge_max_block_size_bytes = 262144;
ALTER TABLE analyses MODIFY SETTING merge_max_block_size = 128, merge_max_block_size_bytes = 262144;
ALTER TABLE answers MODIFY SETTING merge_max_block_size = 128, merge_max_block_size_bytes = 262144;
ALTER TABLE scores MODIFY SETTING merge_max_block_size = 1024, merge_max_block_size_bytes = 262144;
ALTER TABLE reports MODIFY SETTING merge_max_block_size = 16, merge_max_block_size_bytes = 262144;
