#ifndef PAGE_REPORT_H
#define PAGE_REPORT_H

#include "page.h"

/* /report.json: how the house stands, for machines. */
page_write page_report_json;

#endif
