-- Small blocks that arrive several times a second would be merged again and again, each row rewritten a dozen times. With a larger base
-- parts wait until a merge brings many of them together; one that is left alone is still merged with age.
ALTER TABLE usage_record {{on_cluster}} MODIFY SETTING merge_selector_base = 16;
ALTER TABLE usage_hourly {{on_cluster}} MODIFY SETTING merge_selector_base = 16;
ALTER TABLE usage_daily {{on_cluster}} MODIFY SETTING merge_selector_base = 16;
ALTER TABLE caller_name {{on_cluster}} MODIFY SETTING merge_selector_base = 16;
