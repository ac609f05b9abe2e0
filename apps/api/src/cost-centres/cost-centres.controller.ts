// `/admin/api/v1/cost-centres`: cost centres, and which tenants and keys belong to them since when.
import { Controller, Get, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { parseId } from '@trunkline/kernel';
import {
  assignCostCentre,
  assignmentsOfTenant,
  listCostCentres,
  saveCostCentre,
} from '@trunkline/reporting/adapters/prisma';
import type { Request } from 'express';
import { z } from 'zod';
import { personNamed } from '../access/access-of.js';
import { Allow, OpenToPrograms } from '../access/allow.js';
import { auditedDb } from '../access/audit.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { checkQuery } from '../http/check-query.js';
import { answered, tenantNamed } from '../reads/answers.js';
import { orTooLong } from '../reads/read-within.js';

const NoQuery = z.strictObject({});
const SaveQuery = z.strictObject({ code: z.string(), name: z.string(), owner: z.string(), glAccount: z.string() });
const AssignQuery = z.strictObject({
  tenant: z.string(),
  key: z
    .string()
    .transform((text) => parseId('key', text))
    .refine((id) => id !== null, 'must be the id of a key')
    .nullable()
    .default(null),
  /** `none` takes them out. */
  code: z.string().transform((code) => (code === 'none' ? null : code)),
  from: z.string(),
});

@Controller('admin/api/v1/cost-centres')
@OpenToPrograms(true)
export class CostCentresController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** All, by code. */
  @Allow('cost_centres:read')
  @Get()
  async all(@Query() query: unknown) {
    checkQuery(NoQuery, query);
    return { costCentres: await orTooLong(listCostCentres(this.parts.db)) };
  }

  /** Makes one, or changes it. */
  @Allow('cost_centres:write')
  @Post()
  async save(@Query() query: unknown, @Req() request: Request) {
    const asked = checkQuery(SaveQuery, query);
    const change = { kind: 'cost_centre', id: asked.code, asked };
    const db = auditedDb(this.parts.db, request, change);
    return answered(await orTooLong(db.$transaction((tx) => saveCostCentre(tx, asked))));
  }

  /** Assigns a tenant, or one of its keys, from a day on. */
  @Allow('cost_centres:write')
  @Post('assignments')
  async assign(@Query() query: unknown, @Req() request: Request) {
    const { tenant, key: keyId, code, from: effectiveFrom } = checkQuery(AssignQuery, query);
    const { id: tenantId } = await tenantNamed(this.parts.tenancy, tenant);
    const asked = { code, effectiveFrom };
    const change = { kind: 'cost_centre_assignment', id: keyId ?? tenantId, tenantId, asked };
    const db = auditedDb(this.parts.db, request, change);
    const actor = personNamed(request);
    const assigning = db.$transaction((tx) => assignCostCentre(tx, { tenantId, keyId }, asked, actor));
    return answered(await orTooLong(assigning));
  }

  /** Who belonged where, in the order in which it counts. */
  @Allow('cost_centres:read')
  @Get('assignments/:tenant')
  async assignments(@Param('tenant') named: string, @Query() query: unknown) {
    checkQuery(NoQuery, query);
    const { id } = await tenantNamed(this.parts.tenancy, named);
    return { assignments: await orTooLong(assignmentsOfTenant(this.parts.db, id)) };
  }
}
